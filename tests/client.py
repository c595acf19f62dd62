"""Sessions for the tests: one that makes calls, sync or async, and one that looks on."""

import asyncio
import inspect
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from tempfile import TemporaryFile
from threading import Thread
from time import monotonic
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.pq import Trace
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from .pooler import PORT

# How long what is random goes on, in ``make test`` and in ``make torture``.
SECONDS = [
    pytest.param(0, id="short"),
    pytest.param(
        float(os.environ.get("PRODUCTION_SQL_SECONDS") or 10),
        id="long",
        marks=pytest.mark.torture,
    ),
]
# What was done in all tests, for the summary.
done: Counter[str] = Counter()
TABLES = ("production_drafts", "production_bundles", "production_bundle_assets")


def rounds(least: int, seconds: float) -> Iterator[int]:
    """Count the rounds until there are enough of them and the time is over."""
    end = monotonic() + seconds
    for number in count():
        if number >= least and monotonic() >= end:
            return
        done["rounds"] += 1
        yield number


class Client:
    """A connection of either kind; a test of one is a test of the other."""

    def __init__(self, dsn: str, kind: str, isolation: str = "read committed") -> None:
        self.dsn = dsn
        self.kind = kind
        self.isolation = isolation
        self.name = uuid4().hex
        self.runner = asyncio.Runner()
        self.conn: Any = self.connect(autocommit=True)
        if isolation != "read committed":
            self.execute(f"SET default_transaction_isolation = '{isolation}'")

    @property
    def is_pooled(self) -> bool:
        return "PRODUCTION_SQL_TEST_POOLER" in os.environ

    @classmethod
    @contextmanager
    def connected(cls, dsn: str, kind: str, *more: str) -> Generator["Client"]:
        client = cls(dsn, kind, *more)
        try:
            yield client
        finally:
            client.run(client.conn.close())
            client.runner.close()

    def connect(self, **options: Any) -> Any:
        cls = psycopg.Connection if self.kind == "sync" else psycopg.AsyncConnection
        if self.is_pooled:
            folder = os.environ["PRODUCTION_SQL_TEST_POOLER"]
            options |= {"host": folder, "port": PORT, "prepare_threshold": None}
        return self.run(cls.connect(self.dsn, application_name=self.name, **options))

    def run(self, value: Any) -> Any:
        """Wait for an awaitable; anything else is there already."""

        async def wait(awaitable: Awaitable[Any]) -> Any:
            return await awaitable

        return self.runner.run(wait(value)) if inspect.isawaitable(value) else value

    def __call__(self, declared: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Make a call on the connection."""
        done["calls"] += 1
        try:
            return self.run(declared(self.conn, *args, **kwargs))
        except Exception as error:
            done[type(error).__name__] += 1
            raise

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        cursor = self.run(self.conn.execute(statement))
        return self.run(cursor.fetchall()) if cursor.description else []

    def rows(self, statement: str) -> list[dict[str, Any]]:
        cursor = self.run(self.conn.cursor(row_factory=dict_row).execute(statement))
        rows: list[dict[str, Any]] = self.run(cursor.fetchall())
        return rows

    def watch_traffic(self) -> Callable[[], int]:
        """Return what tells how many messages were sent since, of the wire protocol."""
        return self._traced(b"F\t")

    def watch_round_trips(self) -> Callable[[], int]:
        """Return what tells how often the server was waited for since."""
        return self._traced(b"\tReadyForQuery\t")

    def _traced(self, mark: bytes) -> Callable[[], int]:
        file = TemporaryFile()
        self.conn.pgconn.trace(file.fileno())
        self.conn.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)

        def counted() -> int:
            self.conn.pgconn.untrace()
            file.seek(0)
            lines = file.readlines()
            file.close()
            return sum(mark in line for line in lines)

        return counted

    def set_autocommit(self, value: bool) -> None:
        self.run(self.conn.set_autocommit(value))

    def use_transactions(self) -> None:
        """Leave autocommit."""
        self.rollback()
        self.set_autocommit(False)

    def rollback(self) -> None:
        self.run(self.conn.rollback())

    def commit(self) -> None:
        self.run(self.conn.commit())


class Observer:
    """A session that looks at the tables and at the other sessions."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self.conn = conn

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All of a table, with the columns that tell a new row version or a lock."""
        query = SQL("SELECT *, xmin, xmax, ctid FROM {} ORDER BY id")
        cursor = self.conn.cursor(row_factory=dict_row)
        return cursor.execute(query.format(Identifier(table))).fetchall()

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        return {table: self.rows(table) for table in TABLES}

    def pids(self, name: str) -> list[int]:
        """Return the sessions of this application_name; behind a pooler it may change."""
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = %s"
        return [pid for (pid,) in self.conn.execute(query, [name])]

    def blocking(self, name: str) -> list[int]:
        """Return the sessions that a session waits for."""
        query = "SELECT unnest(pg_blocking_pids(%s))"
        found = [self.conn.execute(query, [pid]) for pid in self.pids(name)]
        return [blocking for cursor in found for (blocking,) in cursor]

    def wait_until_blocked(self, name: str, is_over: Callable[[], bool]) -> None:
        """Return once the session waits for another; a call that is over never did."""
        while not self.blocking(name):
            assert not is_over(), "the call has not waited"

    def wait_until_gone(self, pid: int) -> None:
        """Return once there is no such session."""
        here = "SELECT FROM pg_stat_activity WHERE pid = %s"
        while self.conn.execute(here, [pid]).rowcount:
            pass


class Background:
    """A call on a session of its own that is expected to wait for another session."""

    def __init__(self, client: Client, declared: Callable[..., Any], *args: Any) -> None:
        self.result: Any = None
        self.error: Exception | None = None
        self.client = client
        self._call = (declared, *args)
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self.client(*self._call)
        except Exception as error:
            self.error = error

    def wait_until_blocked(self, observer: Observer) -> "Background":
        observer.wait_until_blocked(self.client.name, lambda: not self._thread.is_alive())
        return self

    def finish(self) -> Any:
        """Return the result once there is one, or raise the error."""
        self._thread.join()
        if self.error is not None:
            raise self.error
        return self.result


def ids(rows: Sequence[dict[str, Any]], column: str) -> list[str]:
    return [row[column] for row in rows]


def read(client: Client, rows: Any) -> list[Any]:
    """Read a stream to its end."""

    async def read_async() -> list[Any]:
        return [row async for row in rows]

    return list(rows) if client.kind == "sync" else client.run(read_async())
