"""What is to be reached, as ratios within one run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct, json

from .measure import Figure, Results, ratio

_OWN = "production_sql"
_BY_HAND = "psycopg, Structs by hand"
_DRAFT = "fetch a draft, 2 kB"
_BUNDLE = "fetch a bundle of 10 assets"
_PAGE = "fetch a page of 100 drafts"
_STATES = ("new", "changed", "unchanged")


class Target(Struct, frozen=True):
    """A ratio that is to be so much at most."""

    what: str
    against: str
    at_most: float
    measured: Figure


def targets(results: Results, scale: Path) -> list[Target]:
    """Return the targets whose workloads were run; scale is the result of the growth."""
    return [*_from_cpu(results), *_others(results), *_growth(scale)]


def _from_cpu(results: Results) -> Iterator[Target]:
    for workload, other, at_most in (
        (_DRAFT, _BY_HAND, 1.0),
        (_BUNDLE, _BY_HAND, 1.0),
        (_DRAFT, "aiosql, dicts converted", 0.85),
        (_PAGE, "aiosql, dicts converted", 0.85),
        (_DRAFT, "sqlspec, Structs", 0.55),
        (_DRAFT, "SQLAlchemy ORM", 0.2),
        *((f"upsert a draft, {state}", "SQLAlchemy ORM", 0.2) for state in _STATES),
        *(
            (f"upsert a bundle of 10 assets, {state}", "SQLAlchemy ORM", 0.15)
            for state in _STATES
        ),
    ):
        if workload in results:
            samples = results[workload]
            measured = ratio(samples[_OWN]["cpu"], samples[other]["cpu"])
            yield Target(workload, f"{other}, client CPU", at_most, measured)


def _others(results: Results) -> Iterator[Target]:
    for workload, samples in results.items():
        if one := samples.get("one bare round trip"):
            measured = ratio(samples[_OWN]["delayed"], one["delayed"])
            yield Target(
                f"{workload}, with 1 ms each way",
                "one bare round trip, wall time",
                1.25,
                measured,
            )
    bulk = [name for name in results if "in bulk" in name]
    if bulk:
        new, unchanged = (results[name] for name in bulk)
        yield Target(
            bulk[0],
            "psycopg, COPY and merge, wall time",
            1.15,
            ratio(new[_OWN]["wall"], new["psycopg, COPY and merge"]["wall"]),
        )
        yield Target(
            bulk[1],
            f"{bulk[0]}, WAL",
            0.02,
            ratio(unchanged[_OWN]["wal"], new[_OWN]["wal"]),
        )
    streams = [name for name in results if name.startswith("stream of")]
    if streams:
        few, many = (results[name][_OWN]["memory"] for name in streams)
        yield Target(streams[1], f"{streams[0]}, memory", 1.1, ratio(many, few))
    if "import" in results:
        imports = results["import"]
        measured = ratio(imports[_OWN]["cpu"], imports["psycopg and msgspec"]["cpu"])
        yield Target("import", "importing psycopg and msgspec, user CPU", 1.15, measured)


def _growth(scale: Path) -> Iterator[Target]:
    if not scale.exists():
        return
    content: dict[str, Any] = json.decode(scale.read_bytes())
    for name, growth in content["ratios"].items():
        if name.startswith("fetch"):
            yield Target(
                f"{name}, at {content['rows'][-1]:,} rows",
                f"at {content['rows'][0]:,} rows, wall time",
                1.25,
                Figure(**growth),
            )
