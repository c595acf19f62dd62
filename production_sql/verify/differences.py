"""What the tables of a schema are, and the migrations would not make."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct

from ..files import folder
from ..runner import Queries
from ..schema import Difference

query = Queries(Path(__file__).parent / "sql")


def of_schema(conn: psycopg.Connection[Any], schema: str) -> list[Difference]:
    """Return the differences, with the tables of the migrations as temporary ones.

    conn is in a transaction that is to be rolled back.
    """
    _expect(conn)
    for file in sorted(folder("migrations").glob("*.sql")):
        if not file.name.endswith(".rollback.sql"):
            conn.execute(file.read_bytes())
    pairs = _pairs(conn, schema)
    # From here on what is expected has the names that are found, and so have the mends: the
    # columns are renamed last.
    renames = [each for pair in pairs for each in _renames(conn, pair)]
    for rename in renames:
        conn.execute(rename.as_found.encode())
    return [
        *_names(conn, schema),
        *_kinds(conn, schema),
        *_tables(conn, schema),
        *(each for run in _mends(conn) for pair in pairs for each in run(pair)),
        *(Difference(text=each.text, sql=each.sql) for each in renames),
    ]


class _Pair(Struct, frozen=True, kw_only=True):
    expected: int
    found: int


class _Rename(Struct, frozen=True, kw_only=True):
    text: str
    sql: list[str]
    as_found: str
    """What gives the expected table the name that is found, or takes the column from it."""


def _mends(conn: psycopg.Connection[Any]) -> list[Callable[[_Pair], list[Difference]]]:
    """Return the queries in the order of their mends.

    What depends on a column or a key goes before it is changed. A key has a successor
    before it goes, but there can be one primary key only.
    """
    return [
        lambda pair: _storage(conn, pair.found),
        lambda pair: _triggers(conn, pair.found),
        lambda pair: _constraints(conn, pair.found),
        lambda pair: _invalid(conn, pair.found),
        lambda pair: _computed(conn, pair),
        lambda pair: _missing(conn, pair),
        lambda pair: _types(conn, pair),
        lambda pair: _not_null(conn, pair),
        lambda pair: _identities(conn, pair),
        lambda pair: _sequences(conn, pair),
        lambda pair: _indexes(conn, pair, "u"),
        lambda pair: _surplus(conn, pair),
        lambda pair: _indexes(conn, pair, "p"),
        lambda pair: _indexes(conn, pair, ""),
        lambda pair: _unknown(conn, pair),
    ]


@query
def _expect() -> None: ...


@query
def _pairs(schema: str) -> list[_Pair]: ...


@query
def _names(schema: str) -> list[Difference]: ...


@query
def _kinds(schema: str) -> list[Difference]: ...


@query
def _tables(schema: str) -> list[Difference]: ...


@query
def _renames(pair: _Pair) -> list[_Rename]: ...


@query
def _storage(found: int) -> list[Difference]: ...


@query
def _triggers(found: int) -> list[Difference]: ...


@query
def _constraints(found: int) -> list[Difference]: ...


@query
def _invalid(found: int) -> list[Difference]: ...


@query
def _computed(pair: _Pair) -> list[Difference]: ...


@query
def _missing(pair: _Pair) -> list[Difference]: ...


@query
def _types(pair: _Pair) -> list[Difference]: ...


@query
def _not_null(pair: _Pair) -> list[Difference]: ...


@query
def _identities(pair: _Pair) -> list[Difference]: ...


@query
def _sequences(pair: _Pair) -> list[Difference]: ...


@query
def _indexes(pair: _Pair, kind: str) -> list[Difference]: ...


@query
def _surplus(pair: _Pair) -> list[Difference]: ...


@query
def _unknown(pair: _Pair) -> list[Difference]: ...


query.check_complete()
