"""What the contestants are asked to do."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from .data import bundle, draft

# Of a contestant's prefix: what the calls from a number on are given, so many of them.
Arguments = Callable[[str, int, int], list[Any]]


class Workload(Struct, frozen=True, kw_only=True):
    """One call of a contestant's method, over and over."""

    name: str
    method: str
    arguments: Arguments
    calls: int
    is_write: bool = False


def _always(value: Any) -> Arguments:
    return lambda _prefix, _start, count: [value] * count


FETCHED = draft("draft_2kb", size=2000)
FETCHED_LARGE = draft("draft_100kb", size=100_000)
FETCHED_BUNDLE = bundle("bundle_1")
PAGE = [draft(f"page_{n:03}", n, strategy_id="strategy_page") for n in range(100)]

SINGLE = [
    Workload(
        name="fetch a draft, 2 kB",
        method="fetch",
        arguments=_always(FETCHED.draft_id),
        calls=50,
    ),
    Workload(
        name="fetch a draft, 100 kB",
        method="fetch",
        arguments=_always(FETCHED_LARGE.draft_id),
        calls=20,
    ),
    Workload(
        name="fetch a bundle of 10 assets",
        method="fetch_bundle",
        arguments=_always(FETCHED_BUNDLE.bundle_id),
        calls=30,
    ),
    Workload(
        name="fetch a page of 100 drafts",
        method="page",
        arguments=_always("strategy_page"),
        calls=10,
    ),
    Workload(
        name="upsert a draft, new",
        method="upsert",
        arguments=lambda prefix, start, count: [
            draft(f"{prefix}new_{number:06}", number)
            for number in range(start, start + count)
        ],
        calls=20,
        is_write=True,
    ),
    Workload(
        name="upsert a draft, changed",
        method="upsert",
        arguments=lambda prefix, start, count: [
            draft(f"{prefix}changed", number) for number in range(start, start + count)
        ],
        calls=20,
        is_write=True,
    ),
    Workload(
        name="upsert a draft, unchanged",
        method="upsert",
        arguments=lambda prefix, _start, count: [draft(f"{prefix}unchanged")] * count,
        calls=20,
        is_write=True,
    ),
    Workload(
        name="upsert a bundle of 10 assets, new",
        method="upsert_bundle",
        arguments=lambda prefix, start, count: [
            bundle(f"{prefix}new_{number:06}") for number in range(start, start + count)
        ],
        calls=10,
        is_write=True,
    ),
    Workload(
        name="upsert a bundle of 10 assets, changed",
        method="upsert_bundle",
        arguments=lambda prefix, start, count: [
            bundle(f"{prefix}changed", number) for number in range(start, start + count)
        ],
        calls=10,
        is_write=True,
    ),
    Workload(
        name="upsert a bundle of 10 assets, unchanged",
        method="upsert_bundle",
        arguments=lambda prefix, _start, count: [bundle(f"{prefix}unchanged")] * count,
        calls=10,
        is_write=True,
    ),
]
