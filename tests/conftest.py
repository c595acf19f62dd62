"""A migrated database on a real server for each test that asks for one, by the plugin.

The server is an embedded one, or that of PRODUCTION_SQL_TEST_DSN.
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from random import getrandbits
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pytest_postgresql import factories

from production_sql import ProductionError, schema
from production_sql.check.server import Server
from production_sql.runner import Query
from production_sql.throwaway.servers import server

from .client import Client, Observer, done
from .pooler import pooler

# Tests of a package that is to be installed beside the wheel.
collect_ignore = ["host"]
pytest_plugins = ["pytester"]

_resources = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start the server, and tell pytest-postgresql where it is."""
    # In the environment, for the processes that pytest-xdist starts.
    os.environ.setdefault("PRODUCTION_SQL_SEED", str(getrandbits(32)))
    dsn = os.environ.get("PRODUCTION_SQL_TEST_DSN") or _resources.enter_context(server())
    os.environ["PRODUCTION_SQL_TEST_DSN"] = dsn
    if os.environ.get("PRODUCTION_SQL_TEST_POOLER") == "start":
        folder = _resources.enter_context(pooler(dsn))
        os.environ["PRODUCTION_SQL_TEST_POOLER"] = folder
    params = conninfo_to_dict(dsn)
    for name in ("host", "port", "user", "password", "dbname"):
        option = "maintenance_dbname" if name == "dbname" else name
        if name in params:
            setattr(config.option, f"postgresql_{option}", params[name])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that pytest-xdist started this one from what was done."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["done"] = dict(done)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take in what was done by a process of pytest-xdist."""
    done.update(getattr(node, "workeroutput", {}).get("done", {}))


@pytest.fixture(autouse=True, scope="session")
def _count_retries() -> Iterator[None]:
    """Count the outcomes for which a call runs its statement again."""
    result = Query[..., Any].of_rows

    def counted(query: Query[..., Any], rows: list[Any]) -> Any:
        value = result(query, rows)
        done["retries"] += getattr(value, "outcome", None) == "stale"
        return value

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Query, "of_rows", counted)
        yield


def pytest_report_header() -> str:
    """Say what repeats the random calls."""
    return f"PRODUCTION_SQL_SEED={os.environ['PRODUCTION_SQL_SEED']}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was done, and how often it was refused."""
    done["violations"] = len(terminalreporter.stats.get("failed", []))
    told = [f"{number} {name}" for name, number in sorted(done.items())]
    terminalreporter.write_line("done: " + ", ".join(told))


def pytest_unconfigure() -> None:
    """Stop the server."""
    _resources.close()


def _migrate(**params: Any) -> None:
    del params["autocommit"]
    schema.apply(make_conninfo(**params))


postgresql_noproc = factories.postgresql_noproc(load=[_migrate])


@pytest.fixture(scope="session")
def production_template(postgresql_noproc: Any) -> str:
    """Return what is copied: as for a host that has a template of pytest-postgresql."""
    name: str = postgresql_noproc.template_dbname
    return name


@pytest.fixture(scope="session")
def checking_server() -> Server:
    """Return the server for what only a newer one can tell."""
    try:
        return Server(os.environ["PRODUCTION_SQL_TEST_DSN"])
    except ProductionError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def maintenance() -> Iterator[psycopg.Connection[Any]]:
    """A session that makes and drops databases."""
    with psycopg.connect(os.environ["PRODUCTION_SQL_TEST_DSN"], autocommit=True) as conn:
        yield conn


# What changes with any change of the schema; and one of the next test's rows.
_SCHEMA = """
    SELECT json_agg(newest) FROM (
        SELECT count(*), max(xmin::text::bigint) FROM pg_attribute
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_class
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_constraint
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_namespace
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_proc
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_rewrite
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_trigger
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_type
    ) AS newest
"""
_EMPTY = """
    DELETE FROM production_drafts;
    DELETE FROM production_bundles;
    DELETE FROM production_bundle_assets;
    SELECT setval(sequence::regclass, 1, FALSE)
    FROM unnest(ARRAY[
        'production_drafts_id_seq',
        'production_bundles_id_seq',
        'production_bundle_assets_id_seq'
    ]) AS sequence
"""


class Databases:
    """Databases of the plugin; one whose schema a test has not changed is used again."""

    def __init__(self, new: Callable[[], AbstractContextManager[str]]) -> None:
        self._new = new
        # The one that can be used again: a session in it, and what drops it.
        self._free: tuple[psycopg.Connection[Any], ExitStack] | None = None
        self._schema: Any = None

    @contextmanager
    def database(self) -> Generator[str]:
        """Give the DSN of a database for one test; several may be there at once."""
        conn, resources = self._free or self._made()
        self._free = None
        try:
            yield make_conninfo(
                os.environ["PRODUCTION_SQL_TEST_DSN"], dbname=conn.info.dbname
            )
            if self._free is None and self._is_emptied(conn):
                self._free = conn, resources.pop_all()
        finally:
            resources.close()

    def _made(self) -> tuple[psycopg.Connection[Any], ExitStack]:
        with ExitStack() as resources:
            dsn = resources.enter_context(self._new())
            conn = resources.enter_context(psycopg.connect(dsn, autocommit=True))
            self._schema = conn.execute(_SCHEMA).fetchone()
            return conn, resources.pop_all()

    def _is_emptied(self, conn: psycopg.Connection[Any]) -> bool:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid != pg_backend_pid()"
        )
        if conn.execute(_SCHEMA).fetchone() != self._schema:
            return False
        conn.execute(_EMPTY)
        return True

    def close(self) -> None:
        """Drop the one that is there."""
        if self._free:
            self._free[1].close()


@pytest.fixture(scope="session")
def databases(
    production_database: Callable[[], AbstractContextManager[str]],
) -> Iterator[Databases]:
    """Return where the databases of this process's tests come from."""
    databases = Databases(production_database)
    yield databases
    databases.close()


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """Where the test's own database is, with the three tables in it."""
    with databases.database() as dsn:
        yield dsn


@pytest.fixture
def observer(dsn: str) -> Iterator[Observer]:
    """Another session, in autocommit, which looks at the tables."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        yield Observer(conn)


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, dsn: str) -> Iterator[Client]:
    """A connection in autocommit, once of each kind."""
    with Client.connected(dsn, request.param) as client:
        yield client
