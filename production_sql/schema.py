"""The three tables themselves: applies, rolls back and verifies the packaged migrations."""

from collections.abc import Generator
from contextlib import contextmanager
from glob import escape
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

import psycopg
from msgspec import Struct

from .conninfo import in_schema, parse
from .dtos import Id
from .errors import NotFoundError, ProductionError
from .files import folder, query

__all__ = ["Difference", "apply", "rollback", "verify"]


def apply(dsn: str, *, schema: str | None = None) -> list[str]:
    """Apply the migrations that are not applied yet, and return their ids, in order.

    dsn is a libpq connection string or URL. The tables are created in the schema, which
    must exist, or else in the first one of the search_path; and so are yoyo's own, which
    say what is applied. Each migration is a transaction of its own. Of two that run at
    once, the second waits for ten seconds before it gives up with yoyo's LockTimeout.

    Raises InvalidValueError if dsn is not to be understood, NotFoundError if there is no
    schema to create tables in, ProductionError if the session is read-only, and the
    driver's errors, of which a failed connection is an OperationalError. None of them
    contains the password.
    """
    with _backend(dsn, schema) as (backend, migrations):
        selected = backend.to_apply(migrations)
        backend.apply_migrations(selected)
        return [migration.id for migration in selected]


def rollback(dsn: str, *, schema: str | None = None) -> list[str]:
    """Roll back all applied migrations, and return their ids, the last applied first.

    This drops the tables with all that is in them. Each migration is a transaction of its
    own. Parameters are as for apply, and so are the errors: InvalidValueError if dsn is not
    to be understood, NotFoundError if there is no such schema, ProductionError if the
    session is read-only, and the driver's, such as DependentObjectsStillExist if a view of
    the host is on a table, which then stays.
    """
    with _backend(dsn, schema) as (backend, migrations):
        selected = backend.to_rollback(migrations)
        backend.rollback_migrations(selected)
        return [migration.id for migration in selected]


class Difference(Struct, frozen=True, kw_only=True):
    """What a table is and is not to be, and the statements that mend it, in their order.

    Each statement ends with a semicolon and names tables with their schema: a session in
    autocommit can run them one by one, and psql as lines. There are none where only a
    person can say what is to be done.
    """

    text: str
    sql: list[str]


def verify(dsn: str, *, schema: str | None = None) -> list[Difference]:
    """Return what is to be mended for the tables to be those that the migrations make.

    For a host whose own tool has made them. Parameters are as for apply. Run the statements
    of all differences in their order, in autocommit, since CONCURRENTLY takes no
    transaction: then no difference is left but those without a statement, and what only
    shows once a person has mended these. None of them drops a table, a column or a row. A
    lock_timeout is for the session that runs them to SET. One fails, with PostgreSQL's
    error and nothing changed by it, on a value that it cannot take along, and on what the
    host has built on a column whose type it changes: a view (which text names), a generated
    column, a policy, a trigger that names the column.

    What a host has added is its own and no difference, as long as no call runs into it:
    columns that take NULL or have a default, defaults, indexes that refuse nothing,
    triggers and rules that are disabled.

    It changes nothing: what the migrations make is made as temporary tables, in a
    transaction that is rolled back. It looks at the catalogs only, and at no other tables
    but for foreign keys to these, the tables that these are parts of, and what has a name
    that is theirs. Nobody waits for it; and for a session that changes a table it waits no
    longer than five seconds, until LockNotAvailable.

    Raises InvalidValueError if dsn is not to be understood, NotFoundError if there is no
    such schema, ProductionError if the session is read-only, and the driver's errors, of
    which InsufficientPrivilege is that of a role that may make no temporary tables.
    """
    with (
        # Nothing prepared, which a transaction pooler would leave to others.
        psycopg.connect(**parse(dsn), autocommit=True, prepare_threshold=None) as conn,
        conn.transaction(force_rollback=True),
    ):
        name = _checked_target(conn, schema).name
        # Here, since it is for a host that adopts the tables, once.
        from .verify import differences

        return differences.of_schema(conn, name)


class _Target(Struct, frozen=True, kw_only=True):
    name: str
    can_create: bool
    is_read_only: bool


@query
def _target(schema: Id | None) -> _Target | None: ...


def _checked_target(conn: psycopg.Connection[Any], schema: str | None) -> _Target:
    target = _target(conn, schema)
    if target is None:
        raise NotFoundError(
            "the search_path names no schema that is there: CREATE SCHEMA first, or mend it"
            if schema is None
            else f"schema {schema!r} is not there: CREATE SCHEMA first"
        )
    if target.is_read_only:
        raise ProductionError(
            "dsn: the server takes no writes from this session: connect to the primary, "
            "and without default_transaction_read_only"
        )
    return target


@contextmanager
def _backend(dsn: str, schema: str | None) -> Generator[tuple[Any, Any]]:
    params = parse(dsn)
    # yoyo would wait for its lock in a schema where it could not create one.
    with psycopg.connect(**params, autocommit=True) as conn:
        target = _checked_target(conn, schema)
    if not target.can_create:
        raise NotFoundError(
            f"schema {target.name!r} is not open to this role: GRANT CREATE ON SCHEMA "
            "first, or connect as the owner of its tables"
        )
    if schema is not None:
        # Not yoyo's own parameter, a SET, which a transaction pooler would leave to others.
        params = in_schema(params, schema)
    # Here, since who only reads and writes rows has no use for it; like this, since it has
    # no types.
    yoyo: Any = import_module("yoyo")
    migrations = yoyo.read_migrations(escape(str(folder("migrations"))))
    # In the query part of the URL, from where yoyo takes any parameter of libpq as it is.
    uri = f"postgresql+psycopg:///?{urlencode(params)}"
    with yoyo.get_backend(uri) as backend, backend.lock():
        yield backend, migrations
