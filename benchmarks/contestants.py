"""Who takes part, and how one is called."""

import asyncio
import gc
from collections import deque
from collections.abc import Awaitable, Callable
from inspect import iscoroutine
from time import perf_counter, process_time
from typing import Any

from .peers.aiosql_dicts import Aiosql
from .peers.asyncpg_structs import Asyncpg
from .peers.own import Own, OwnAsync
from .peers.peer import AnyPeer, AsyncPeer
from .peers.psycopg_bulk import CopyAndMerge, Executemany, Recordset, Unnest
from .peers.psycopg_structs import AsyncStructs, Structs, Tuples
from .peers.sqlalchemy_core import SqlalchemyCore
from .peers.sqlalchemy_orm import SqlalchemyOrm
from .peers.sqlspec_structs import Sqlspec

PEERS: list[type[AnyPeer]] = [
    Own,
    Tuples,
    Structs,
    Aiosql,
    Sqlspec,
    SqlalchemyOrm,
    SqlalchemyCore,
    OwnAsync,
    AsyncStructs,
    Asyncpg,
    CopyAndMerge,
    Unnest,
    Recordset,
    Executemany,
]


class Contestant:
    """A peer that is connected, with a prefix for the ids of what it writes."""

    def __init__(
        self, kind: type[AnyPeer], prefix: str, dsn: str, runner: asyncio.Runner
    ) -> None:
        self.name = kind.name
        self.prefix = prefix
        self._kind = kind
        self._runner = runner
        # All of the drivers pass the name on to the server.
        self._peer = self._done(kind.connect(f"{dsn}&application_name={prefix}"))

    def close(self) -> None:
        """Close the connection."""
        self._done(self._peer.close())

    def has(self, method: str) -> bool:
        """Tell if it takes part in what is done by a method."""
        return hasattr(self._peer, method)

    def results(self, method: str, arguments: list[Any]) -> list[Any]:
        """Return what each call returns; of a stream, the list of it."""
        call = getattr(self._peer, method)
        if method == "stream":
            call = _collected if self._is_async else _listed
            stream = getattr(self._peer, method)
            return [self._done(call(stream(argument))) for argument in arguments]
        made = self._kind.structs.get(method, lambda result: result)
        return [made(self._done(call(argument))) for argument in arguments]

    def turn(self, method: str, arguments: list[Any]) -> tuple[float, float]:
        """Return the seconds of CPU and of wall time that the calls take."""
        call = getattr(self._peer, method)
        gc.collect()
        if not self._is_async:
            return _turn(_drained(call) if method == "stream" else call, arguments)
        call = _drained_async(call) if method == "stream" else call
        return self._runner.run(_turn_async(call, arguments))

    @property
    def _is_async(self) -> bool:
        return issubclass(self._kind, AsyncPeer)

    def _done(self, result: Any) -> Any:
        return self._runner.run(result) if iscoroutine(result) else result


def _turn(call: Callable[[Any], Any], arguments: list[Any]) -> tuple[float, float]:
    wall, cpu = perf_counter(), process_time()
    for argument in arguments:
        call(argument)
    return process_time() - cpu, perf_counter() - wall


async def _turn_async(
    call: Callable[[Any], Awaitable[Any]], arguments: list[Any]
) -> tuple[float, float]:
    wall, cpu = perf_counter(), process_time()
    for argument in arguments:
        await call(argument)
    return process_time() - cpu, perf_counter() - wall


def _listed(stream: Any) -> list[Any]:
    return list(stream)


async def _collected(stream: Any) -> list[Any]:
    return [item async for item in stream]


def _drained(stream: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda argument: deque(stream(argument), maxlen=0)


def _drained_async(stream: Callable[[Any], Any]) -> Callable[[Any], Any]:
    async def drain(argument: Any) -> None:
        async for _ in stream(argument):
            pass

    return drain
