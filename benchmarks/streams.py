"""Many rows one by one: what that takes, and how much memory."""

import subprocess
import sys

from .check import check_equal
from .contestants import Contestant
from .data import text
from .measure import Entry, Results, compete
from .peers.own import Own
from .peers.peer import AnyPeer, Peer
from .peers.psycopg_structs import Structs
from .peers.sqlalchemy_orm import SqlalchemyOrm
from .server import Server
from .workloads import Workload

_OF_MEMORY: list[type[Peer]] = [Own, Structs, SqlalchemyOrm]


def streams(
    contestants: list[Contestant], size: int, rounds: int, server: Server
) -> Results:
    """Measure a stream of so many rows, and its memory against one of a hundredth."""
    few = size // 100
    server.run("server/clear")
    server.run("fill_drafts", strategy_id="stream", count=size, text=text())
    server.run("fill_drafts", strategy_id="stream_few", count=few, text=text())
    server.run("server/analyze")
    workloads = [_workload("stream_few", few), _workload("stream", size)]
    small, large = (
        [Entry(each, workload) for each in contestants if each.has("stream")]
        for workload in workloads
    )
    check_equal(small, 1, server)
    compete(large, rounds, 1, server)
    results: Results = {
        workload.name: {kind.name: {} for kind in _OF_MEMORY} for workload in workloads
    }
    results[workloads[1].name] = {each.contestant.name: each.samples for each in large}
    for kind in _OF_MEMORY:
        for workload, strategy_id in zip(workloads, ("stream_few", "stream"), strict=True):
            memory = _memory(kind, server.dsn, strategy_id)
            results[workload.name][kind.name]["memory"] = [memory]
    return results


def _workload(strategy_id: str, count: int) -> Workload:
    return Workload(
        name=f"stream of {count:,} rows",
        method="stream",
        arguments=lambda _prefix, _start, calls: [strategy_id] * calls,
        calls=1,
    )


def _memory(kind: type[AnyPeer], dsn: str, strategy_id: str) -> int:
    command = [sys.executable, "-m", "benchmarks.memory", kind.__module__, kind.__name__]
    done = subprocess.run(  # noqa: S603
        [*command, dsn, strategy_id], check=True, capture_output=True, text=True
    )
    return int(done.stdout)
