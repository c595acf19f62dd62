"""Calls of one draft, one bundle or one page."""

import sys
from typing import Any, Self

import psycopg

from .check import check_equal
from .contestants import Contestant
from .data import bundle, text
from .measure import Entry, Results, Samples, Size, compete, compete_delayed, warm_up
from .peers.own import Own
from .peers.peer import Peer
from .proxy import Proxy
from .server import Server
from .statements import own
from .workloads import FETCHED, FETCHED_BUNDLE, FETCHED_LARGE, PAGE, Workload

_ONE = own("server/one")


class OneRoundTrip(Peer):
    """What the network alone takes."""

    name = "one bare round trip"

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn

    @classmethod
    def connect(cls, dsn: str) -> Self:
        return cls(psycopg.connect(dsn, autocommit=True))

    def close(self) -> None:
        self._conn.close()

    def one(self, _argument: object) -> Any:
        """Ask for as little as can be."""
        return self._conn.execute(_ONE).fetchone()


ONE = Workload(
    name="one",
    method="one",
    arguments=lambda _prefix, _start, calls: [None] * calls,
    calls=1,
)


def singles(
    workloads: list[Workload],
    contestants: list[Contestant],
    delayed: list[Contestant],
    *,
    size: Size,
    server: Server,
    proxy: Proxy,
) -> Results:
    """Measure the workloads; the delayed contestants are connected through the proxy."""
    _fill(server)
    results: Results = {}
    for workload in workloads:
        print(workload.name, file=sys.stderr, flush=True)
        server.run("server/checkpoint")
        entries = _entries(contestants, workload)
        through_proxy = [*_entries(delayed, workload), *_entries(delayed, ONE)]
        check_equal(entries, 3, server)
        warm_up([*entries, *through_proxy], size.warm_up)
        compete(entries, size.rounds, min(workload.calls, size.calls), server)
        compete_delayed(through_proxy, size.delayed_rounds, size.delayed_calls, proxy)
        result: dict[str, Samples] = {}
        for entry in (*entries, *through_proxy):
            result.setdefault(entry.contestant.name, {}).update(entry.samples)
        results[workload.name] = result
    return results


def _entries(contestants: list[Contestant], workload: Workload) -> list[Entry]:
    return [Entry(each, workload) for each in contestants if each.has(workload.method)]


def _fill(server: Server) -> None:
    own = Own.connect(server.dsn)
    for draft in (FETCHED, FETCHED_LARGE, *PAGE):
        own.upsert(draft)
    # Besides what is fetched, for the planner to see no reason to read all of a table.
    for number in range(500):
        own.upsert_bundle(bundle(f"other_{number}"))
    own.upsert_bundle(FETCHED_BUNDLE)
    own.close()
    server.run("fill_drafts", strategy_id="others", count=5000, text=text())
    server.run("server/analyze")
