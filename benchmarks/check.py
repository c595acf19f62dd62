"""All contestants read and write the same, or there is nothing to compare."""

import json
from typing import Any

from .measure import Entry
from .server import Server


class DifferentError(Exception):
    """A contestant returns or stores something else than production_sql does."""


def check_equal(entries: list[Entry], calls: int, server: Server) -> None:
    """Have each contestant make some calls, and compare it with the first of them.

    Raises DifferentError.
    """
    first, *others = entries
    expected = _outcome(first, calls, server)
    for entry in others:
        for what, one, other in zip(
            ("returns", "stores"), expected, _outcome(entry, calls, server), strict=True
        ):
            if one != other:
                raise DifferentError(
                    f"{entry.workload.name}: {entry.contestant.name} {what} {_short(other)}"
                    f" where {first.contestant.name} {what} {_short(one)}"
                )


def _outcome(entry: Entry, calls: int, server: Server) -> tuple[Any, Any]:
    returned = entry.contestant.results(entry.workload.method, entry.arguments(calls))
    return returned, stored(entry.contestant.prefix, server)


def stored(prefix: str, server: Server) -> list[str]:
    """Return the rows whose ids have a prefix, without it."""
    return [
        repr(row).replace(prefix, "")
        for table in ("drafts", "bundles", "assets")
        for row in server.run(f"rows/{table}", contestant=prefix)
    ]


def _short(value: Any) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 500 else f"{text[:500]}…"
