"""The same calls in small and in large tables: how much longer they take.

Each size has a server of its own, and its turn in each round. The calls are of rows that
are drawn at random from all and then used again, so that they are in the server's memory.
"""

import asyncio
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

from msgspec import json
from msgspec.structs import replace

from production_sql import AssetDTO, ContentDraftDTO, DraftBundleDTO

from .about import about
from .contestants import Contestant
from .data import NOON
from .measure import Entry, Figure, figure, ratio, turns, warm_up
from .peers.own import Own
from .report import table, time
from .server import Server, server
from .workloads import Workload

_ROWS = [10_000, 1_000_000, 10_000_000]
_ROUNDS = 40
_CALLS = 40
_IN_USE = 200


def draft(number: int) -> ContentDraftDTO:
    """Return a draft as scale/fill_drafts.sql stores it."""
    return ContentDraftDTO(
        draft_id=f"draft_{number}",
        strategy_id=f"strategy_{number // 100}",
        content_type="blog_post",
        body="The doors are open.",
        metadata={"language": "en"},
        created_at=NOON,
    )


def bundle(number: int, place: str = "") -> DraftBundleDTO:
    """Return a bundle as the files of scale store it; place is to vary its first URL."""
    assets = [
        AssetDTO(
            asset_id=f"asset_{asset}",
            asset_type="image",
            url=f"https://assets.example.org/{asset}.jpg",
            metadata={"alt": "A door"},
        )
        for asset in range(number * 10, number * 10 + 10)
    ]
    assets[0] = replace(assets[0], url=assets[0].url + place)
    return DraftBundleDTO(
        bundle_id=f"bundle_{number}",
        draft_id=f"draft_{number}",
        assets=assets,
        assembled_at=NOON,
    )


def _workloads(rows: int) -> list[Workload]:
    """Return the calls on the odd rows; on the even ones if they change them."""
    drafts, bundles, pages = (
        Random(0).sample(range(1, count, 2), min(_IN_USE, count // 2))  # noqa: S311
        for count in (rows, rows // 10, rows // 100)
    )

    def one_of(drawn: list[int], number: int) -> int:
        return drawn[number % len(drawn)]

    makers: dict[tuple[str, str], Callable[[int], Any]] = {
        ("fetch a draft", "fetch"): lambda number: f"draft_{one_of(drafts, number)}",
        ("fetch a bundle of 10 assets", "fetch_bundle"): lambda number: (
            f"bundle_{one_of(bundles, number)}"
        ),
        ("fetch a page of 100 drafts", "page"): lambda number: (
            f"strategy_{one_of(pages, number)}"
        ),
        ("upsert a draft, new", "upsert"): lambda number: draft(rows + number),
        ("upsert a draft, changed", "upsert"): lambda number: replace(
            draft(one_of(drafts, number) - 1), body=f"The doors are open at {number}."
        ),
        ("upsert a draft, unchanged", "upsert"): lambda number: draft(
            one_of(drafts, number)
        ),
        ("upsert a bundle of 10 assets, new", "upsert_bundle"): lambda number: bundle(
            rows + number
        ),
        ("upsert a bundle of 10 assets, changed", "upsert_bundle"): lambda number: bundle(
            one_of(bundles, number) - 1, f"?{number}"
        ),
        ("upsert a bundle of 10 assets, unchanged", "upsert_bundle"): lambda number: bundle(
            one_of(bundles, number)
        ),
    }
    return [
        Workload(name=name, method=method, calls=_CALLS, arguments=_numbered(make))
        for (name, method), make in makers.items()
    ]


def _numbered(make: Callable[[int], Any]) -> Callable[[str, int, int], list[Any]]:
    return lambda _prefix, start, calls: [make(start + each) for each in range(calls)]


def _fill(started: Server, rows: int) -> None:
    for rows_of in ("drafts", "bundles", "assets"):
        started.run(f"scale/fill_{rows_of}", count=rows)
    started.run("server/analyze")
    started.run("server/checkpoint")


def measure(sizes: list[int]) -> dict[str, list[list[float]]]:
    """Return, for each workload and each size, the wall times of the rounds."""
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        contestants: list[Contestant] = []
        for rows in sizes:
            started = stack.enter_context(server())
            _fill(started, rows)
            contestants.append(Contestant(Own, f"rows_{rows}", started.dsn, runner))
            stack.callback(contestants[-1].close)
        walls: dict[str, list[list[float]]] = {}
        for workloads in zip(*map(_workloads, sizes), strict=True):
            entries = [Entry(*pair) for pair in zip(contestants, workloads, strict=True)]
            warm_up(entries, _IN_USE)
            for entry in turns(entries, _ROUNDS):
                arguments = entry.arguments(_CALLS)
                _, wall = entry.contestant.turn(entry.workload.method, arguments)
                entry.add("wall", wall / _CALLS)
            walls[workloads[0].name] = [entry.samples["wall"] for entry in entries]
    return walls


def main() -> None:
    """Run what the command line says."""
    parser = ArgumentParser("python -m benchmarks.scale", description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, default=_ROWS, help="rows of a table")
    parser.add_argument(
        "--output", metavar="FOLDER", type=Path, default=Path("docs", "performance")
    )
    options = parser.parse_args()
    walls = measure(options.rows)
    described = about()
    figures = {name: [figure(each) for each in sizes] for name, sizes in walls.items()}
    ratios = {name: ratio(sizes[-1], sizes[0]) for name, sizes in walls.items()}
    content = {
        "about": described,
        "rows": options.rows,
        "wall": figures,
        "ratios": ratios,
    }
    tables = _markdown(described, options.rows, figures, ratios)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "scale.json").write_bytes(json.format(json.encode(content)) + b"\n")
    (options.output / "scale.md").write_text(tables)
    print(tables)


def _markdown(
    described: dict[str, str],
    sizes: list[int],
    figures: dict[str, list[Figure]],
    ratios: dict[str, Figure],
) -> str:
    rows = [
        [
            name,
            *(time(each.median) for each in figures[name]),
            f"{ratios[name].median:.2f}",
        ]
        for name in figures
    ]
    header = ["wall time at rows", *(f"{size:,}" for size in sizes), "last to first"]
    return (
        "\n\n".join(
            [
                "# Growth",
                table(["", ""], [[name, value] for name, value in described.items()]),
                f"Medians of {_ROUNDS} rounds of {_CALLS} calls, of {_IN_USE} rows.",
                table(header, rows),
            ]
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
