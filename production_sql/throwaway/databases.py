"""Databases that are made on a server and dropped; no other one there is touched."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from secrets import token_hex
from time import monotonic
from typing import Any, cast
from urllib.parse import quote, urlencode

import psycopg
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Composable, Composed, Identifier

from ..conninfo import parse
from ..errors import ProductionError
from ..runner import Queries

_TEMPLATES = Path(__file__).parent / "templates"
# For how long DROP DATABASE sleeps when it finds a session that has not quite ended yet.
_SLEEP = 0.1

query = Queries(Path(__file__).parent / "sql")


class Ability(Struct, frozen=True, kw_only=True):
    """What a role may do on a server, and whether that waits for no disk."""

    role: str
    can_create: bool
    is_volatile: bool


@query
def ability() -> Ability:
    """Return that of the session's role."""
    ...


@query
def _end_sessions(database: str) -> list[int]: ...


@query
def _leftovers(prefix: str) -> list[str]: ...


def as_sql(text: str) -> SQL:
    """Return what the server or a file says as a part of a statement."""
    return SQL(text)  # pyright: ignore[reportArgumentType]


def filled(file: Path, **parts: Composable) -> Composed:
    """Return the statement in a file, made of others."""
    return as_sql(file.read_text("utf-8")).format(**parts)


def connected(params: dict[str, Any]) -> "psycopg.Connection[Any]":
    """Return a session in autocommit."""
    return psycopg.connect(**cast("Any", params), autocommit=True)


@contextmanager
def database(
    params: dict[str, Any],
    name: str,
    *,
    session: Callable[[], AbstractContextManager["psycopg.Connection[Any]"]] | None = None,
    template: str = "template0",
    by_file: bool = False,
) -> Generator[str]:
    """Make a database, give its URL, and drop it with the sessions that are left in it.

    What is called for a session in autocommit is by default one that opens a new one.
    """
    session = session or partial(connected, params)
    statement = _TEMPLATES / f"{'copy' if by_file else 'create'}_database.sql"
    source = Identifier(template)
    try:
        with session() as conn:
            conn.execute(filled(statement, database=Identifier(name), template=source))
        # A URL, which yoyo and others need; libpq would take a + for what it is.
        yield f"postgresql:///?{urlencode(params | {'dbname': name}, quote_via=quote)}"
    finally:
        with session() as conn:
            _drop(conn, name)


def _drop(conn: "psycopg.Connection[Any]", name: str) -> None:
    end = monotonic() + _SLEEP
    while sum(_end_sessions(conn, name)) and monotonic() < end:
        pass
    conn.execute(filled(_TEMPLATES / "drop_database.sql", database=Identifier(name)))


def sweep(dsn: str, prefix: str) -> None:
    """Drop the databases whose names begin with the prefix."""
    with connected(parse(dsn)) as conn:
        for name in _leftovers(conn, prefix):
            _drop(conn, name)


class Databases:
    """Makes databases on a server, with a prefix of their own; to be closed at the end.

    Raises InvalidValueError if dsn is not to be understood, and ProductionError if the
    server cannot be reached or the role may not make databases on it.
    """

    def __init__(self, dsn: str) -> None:
        self._params = parse(dsn)
        self.prefix = f"production_sql_test_{token_hex(8)}_"
        self._numbers = count(1)
        try:
            self._conn = connected(self._params)
        except psycopg.OperationalError as error:
            raise ProductionError(f"the server is not to be reached: {error}") from error
        found = ability(self._conn)
        if not found.can_create:
            self.close()
            raise ProductionError(
                f"role {found.role!r} may not make databases: ALTER ROLE … CREATEDB, or "
                "connect as another one"
            )
        version = self._conn.info.server_version
        self._by_file = found.is_volatile and version >= 150000

    def close(self) -> None:
        """Close the session."""
        self._conn.close()

    @contextmanager
    def _session(self) -> Generator["psycopg.Connection[Any]"]:
        if self._conn.closed:  # as after a restart of the server
            self._conn = connected(self._params)
        yield self._conn

    @contextmanager
    def database(self, template: str = "template0") -> Generator[str]:
        """Make a copy of a template, give its URL, and drop it.

        The sessions that are left in it are ended.
        """
        name = f"{self.prefix}{next(self._numbers)}"
        with database(
            self._params,
            name,
            session=self._session,
            template=template,
            by_file=self._by_file,
        ) as dsn:
            yield dsn


def name_of(dsn: str) -> str:
    """Return the name of the database."""
    return str(conninfo_to_dict(dsn)["dbname"])
