"""The results as JSON, as Markdown and as a chart."""

from pathlib import Path
from typing import Any

from msgspec import json
from msgspec.structs import replace

from .chart import chart
from .measure import Figure, Results, Samples, figure, ratio
from .targets import Target, targets

_OWN = "production_sql"
_CHARTED = (
    "fetch a draft, 2 kB",
    "fetch a bundle of 10 assets",
    "fetch a page of 100 drafts",
    "upsert a draft, changed",
    "upsert a bundle of 10 assets, changed",
)
_SUMMED_UP = (
    "production_sql",
    "psycopg, Structs by hand",
    "aiosql, dicts converted",
    "sqlspec, Structs",
    "SQLAlchemy Core",
    "SQLAlchemy ORM",
    "production_sql, async",
    "psycopg, async, Structs by hand",
    "asyncpg, Structs by hand",
)
_METRICS = {
    "cpu": "client CPU",
    "wall": "wall time",
    "delayed": "wall time, 1 ms each way",
    "round_trips": "round trips",
    "server_cpu": "server CPU",
    "wal": "WAL",
    "memory": "peak memory",
}


def markdown(results: Results, about: dict[str, str], reached: list[Target]) -> str:
    """Return the tables."""
    parts = [
        "# Measured",
        "Of one call, or of the whole of a load or a stream: medians of the rounds, with "
        "quartiles in brackets. Ratios are medians of the ratios within each round; one "
        "that is above its target is **bold**.",
        table(["", ""], [[name, value] for name, value in about.items()]),
    ]
    if reached:
        rows = [
            [each.what, each.against, f"{each.at_most:.2f}", _ratio(each)]
            for each in reached
        ]
        parts += [
            "## Targets",
            table(["what", "against", "at most", "measured"], rows),
        ]
    for workload, contestants in results.items():
        parts += [f"## {workload[0].upper()}{workload[1:]}", _workload(contestants)]
    return "\n\n".join(parts) + "\n"


def _workload(contestants: dict[str, Samples]) -> str:
    metrics = [
        metric
        for metric in _METRICS
        if any(figure(each.get(metric, [0.0])).high for each in contestants.values())
    ]
    rows = [
        [
            name,
            *(_cell(metric, samples.get(metric)) for metric in metrics),
            _against(samples, contestants.get(_base(name), {})),
        ]
        for name, samples in contestants.items()
    ]
    header = ["", *(_METRICS[metric] for metric in metrics), "CPU against production_sql"]
    return table(header, rows)


def _base(name: str) -> str:
    return f"{_OWN}, async" if "async" in name else _OWN


def _against(samples: Samples, base: Samples) -> str:
    if "cpu" not in samples or "cpu" not in base:
        return ""
    return f"{ratio(samples['cpu'], base['cpu']).median:.2f}"


def _cell(metric: str, values: list[float] | None) -> str:
    if not values:
        return ""
    shown = figure(values)
    match metric:
        case "round_trips":
            return f"{shown.median:.3g}"
        case "wal" | "memory":
            return _bytes(shown.median)
        case _ if len(values) == 1:
            return time(shown.median)
        case _:
            return f"{time(shown.median)} ({time(shown.low)} to {time(shown.high)})"


def time(seconds: float) -> str:
    """Return seconds in a unit that fits."""
    if seconds < 0.01:
        return f"{seconds * 1e6:,.0f} µs"
    return f"{seconds * 1e3:,.0f} ms" if seconds < 10 else f"{seconds:,.1f} s"


def _bytes(count: float) -> str:
    if count < 10_000:
        return f"{count:,.0f} B"
    return f"{count / 1e3:,.0f} kB" if count < 1e7 else f"{count / 1e6:,.1f} MB"


def _ratio(target: Target) -> str:
    shown = f"{target.measured.median:.2f} ({target.measured.low:.2f} to "
    shown += f"{target.measured.high:.2f})"
    return shown if target.measured.median <= target.at_most else f"**{shown}**"


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write(folder: Path, results: Results, about: dict[str, str]) -> str:
    """Write the files, and return the Markdown."""
    reached = targets(results, folder / "scale.json")
    content: dict[str, Any] = {
        "about": about,
        "targets": [replace(each, measured=_rounded(each.measured)) for each in reached],
        "workloads": {
            workload: {
                name: {
                    metric: _rounded(figure(values)) for metric, values in samples.items()
                }
                for name, samples in contestants.items()
            }
            for workload, contestants in results.items()
        },
    }
    tables = markdown(results, about, reached)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_bytes(json.format(json.encode(content)) + b"\n")
    (folder / "bench.md").write_text(tables)
    charted = {name: results[name] for name in _CHARTED if name in results}
    if charted:
        (folder / "bench.svg").write_text(chart(charted, about))
        (folder / "summary.md").write_text(_summary(charted, about))
    return tables


def _summary(charted: Results, about: dict[str, str]) -> str:
    """Return what the README has."""
    rows = [
        [
            name,
            *(
                f"{figure(contestants[name]['cpu']).median * 1e6:,.0f}"
                for contestants in charted.values()
            ),
        ]
        for name in _SUMMED_UP
    ]
    made = (
        f"Client CPU of a call, µs. {about['date']}; {about['machine']}; Python "
        f"{about['python']}, PostgreSQL {about['postgresql']}, psycopg {about['psycopg']}, "
        f"msgspec {about['msgspec']}, aiosql {about['aiosql']}, sqlspec "
        f"{about['sqlspec']}, SQLAlchemy {about['SQLAlchemy']}, asyncpg {about['asyncpg']}."
    )
    return f"{table(['', *charted], rows)}\n\n{made}\n"


def _rounded(shown: Figure) -> Figure:
    return Figure(
        *(float(f"{value:.4g}") for value in (shown.median, shown.low, shown.high))
    )
