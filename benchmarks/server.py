"""The server of a run, seen from outside of the contestants' connections."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from production_sql import embedded, schema

from .statements import own


class Server:
    """A throw-away server with the tables."""

    def __init__(self, dsn: str, conn: psycopg.Connection[Any]) -> None:
        self.dsn = dsn
        self._conn = conn

    def run(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run a file of the benchmark's SQL, and return its rows."""
        cursor = self._conn.execute(own(name), parameters or None)
        return cursor.fetchall() if cursor.description else []

    def about(self) -> dict[str, str]:
        """Return the version and the settings that matter."""
        names = ("postgresql", "shared_buffers", "fsync", "synchronous_commit")
        ((values),) = self.run("server/about")
        return dict(zip((*names, "full_page_writes"), values, strict=True))

    def wal_position(self) -> int:
        """Return how many bytes of WAL there have been."""
        ((position,),) = self.run("server/wal_position")
        return int(position)

    def cpu(self, contestant: str) -> float:
        """Return the seconds that a contestant's backends have been on a CPU."""
        seconds = 0.0
        for (pid,) in self.run("server/backends", contestant=contestant):
            # As utime and stime of stat, but by the nanosecond and not by the tick.
            nanoseconds, *_ = Path(f"/proc/{pid}/schedstat").read_text().split()
            seconds += int(nanoseconds) / 1e9
        return seconds


@contextmanager
def server() -> Generator[Server]:
    """Start a server with empty tables that does nothing by itself."""
    with embedded.server() as dsn:
        schema.apply(dsn)
        with psycopg.connect(dsn, autocommit=True) as conn:
            for statement in own("server/settings").split(";\n"):
                conn.execute(statement.encode())
            yield Server(dsn, conn)
