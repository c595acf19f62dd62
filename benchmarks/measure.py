"""Rounds in which each contestant has its turn, and what is told of them."""

import gc
from collections.abc import Iterable
from itertools import count
from random import Random
from statistics import quantiles
from typing import Any

from msgspec import Struct

from .contestants import Contestant
from .proxy import Proxy
from .server import Server
from .workloads import Workload

# Of a workload, a contestant and a metric: the values of the rounds. Times are in seconds
# and, as all others, for one call.
Samples = dict[str, list[float]]
Results = dict[str, dict[str, Samples]]


class Size(Struct, frozen=True, kw_only=True):
    """How much is done; calls are those of a turn, at most."""

    warm_up: int
    rounds: int
    calls: int
    delayed_rounds: int
    delayed_calls: int
    bulk: int
    bulk_rounds: int
    stream: int
    stream_rounds: int
    import_rounds: int
    delay: float = 0.001


class Figure(Struct, frozen=True):
    """The median of some values, and their quartiles."""

    median: float
    low: float
    high: float


def figure(values: list[float]) -> Figure:
    """Return what is told of the values of the rounds."""
    low, median, high = quantiles(values if len(values) > 1 else values * 2, n=4)
    return Figure(median, low, high)


def ratio(values: list[float], others: list[float]) -> Figure:
    """Return what is told of one contestant against another, in the rounds of both."""
    return figure([one / other for one, other in zip(values, others, strict=False)])


class Entry:
    """A contestant at a workload."""

    def __init__(self, contestant: Contestant, workload: Workload) -> None:
        self.contestant = contestant
        self.workload = workload
        self.samples: Samples = {}
        self._numbers = count()

    def arguments(self, calls: int) -> list[Any]:
        """Return what the next calls are given."""
        numbers = [next(self._numbers) for _ in range(calls)]
        return self.workload.arguments(self.contestant.prefix, numbers[0], calls)

    def add(self, metric: str, value: float) -> None:
        """Keep the value of a round."""
        self.samples.setdefault(metric, []).append(value)


def warm_up(entries: list[Entry], calls: int) -> None:
    """Have everybody make some calls that are not measured."""
    for entry in turns(entries, 1):
        entry.contestant.turn(entry.workload.method, entry.arguments(calls))


def compete(entries: list[Entry], rounds: int, calls: int, server: Server) -> None:
    """Measure client CPU, wall time, WAL and the server's CPU."""
    cpu = {entry: server.cpu(entry.contestant.prefix) for entry in entries}
    for entry in turns(entries, rounds):
        arguments = entry.arguments(calls)
        position = server.wal_position()
        cpu_time, wall_time = entry.contestant.turn(entry.workload.method, arguments)
        entry.add("wal", (server.wal_position() - position) / calls)
        entry.add("cpu", cpu_time / calls)
        entry.add("wall", wall_time / calls)
    for entry in entries:
        used = server.cpu(entry.contestant.prefix) - cpu[entry]
        entry.add("server_cpu", used / rounds / calls)


def compete_delayed(entries: list[Entry], rounds: int, calls: int, proxy: Proxy) -> None:
    """Measure wall time and round trips through a proxy."""
    for entry in turns(entries, rounds):
        arguments = entry.arguments(calls)
        before = proxy.round_trips
        _, wall_time = entry.contestant.turn(entry.workload.method, arguments)
        entry.add("round_trips", (proxy.round_trips - before) / calls)
        entry.add("delayed", wall_time / calls)


def turns(entries: list[Entry], rounds: int) -> Iterable[Entry]:
    """Return who has its turn, in an order that is drawn anew for each round."""
    # What is there already is no garbage of anybody's, and not to be looked at in a turn.
    gc.collect()
    gc.freeze()
    random = Random(0)  # noqa: S311
    order = list(entries)
    for _ in range(rounds):
        random.shuffle(order)
        yield from order
    gc.unfreeze()
