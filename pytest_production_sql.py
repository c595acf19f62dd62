"""Fixtures of production_sql for the tests of a host: docs/testing.md.

A module beside the package, since to import what is in the package loads it and psycopg:
here that is done once a fixture is asked for.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from psycopg import Connection

    from production_sql.testing import Factory
    from production_sql.throwaway.databases import Databases

_embedded_dsn = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ways to name a server."""
    help_ = (
        "a libpq connection string or URL: the server on which the fixtures of "
        "production_sql make databases; by default {}"
    )
    parser.getgroup("production_sql").addoption(
        "--production-dsn",
        metavar="DSN",
        help=help_.format("production_dsn of pytest's file"),
    )
    parser.addini(
        "production_dsn",
        help_.format("PRODUCTION_SQL_TEST_DSN, and without that an embedded one"),
        default="",
    )


def _named(config: pytest.Config) -> tuple[str, str] | None:
    """Return the way in which a server is named, and its DSN."""
    ways = {
        "--production-dsn": config.getoption("production_dsn"),
        "production_dsn": config.getini("production_dsn"),
        "PRODUCTION_SQL_TEST_DSN": os.environ.get("PRODUCTION_SQL_TEST_DSN"),
    }
    return next(((way, dsn) for way, dsn in ways.items() if dsn), None)


def _fail(message: str) -> NoReturn:
    pytest.fail(message, pytrace=False)


@pytest.fixture(scope="session")
def production_server_dsn(pytestconfig: pytest.Config) -> Iterator[str]:
    """Give the DSN of the server for databases: a named one, or else an embedded one.

    To be overridden by a host that starts a server of its own.
    """
    if named := _named(pytestconfig):
        yield named[1]
        return
    from production_sql import ProductionError
    from production_sql.throwaway.servers import server

    try:
        with server() as dsn:
            pytestconfig.stash[_embedded_dsn] = dsn
            yield dsn
    except ProductionError as error:
        _fail(
            f"no embedded server: {error}; or name one: --production-dsn, production_dsn "
            "in pytest's file, or PRODUCTION_SQL_TEST_DSN"
        )


@pytest.fixture(scope="session")
def production_migrate() -> Callable[[str], object]:
    """Return what turns an empty database, by its URL, into the template: schema.apply.

    To be overridden by a host that has more to put into it.
    """
    from production_sql import schema

    return schema.apply


@pytest.fixture(scope="session")
def _production_databases(
    pytestconfig: pytest.Config, production_server_dsn: str
) -> "Iterator[Databases]":
    from production_sql import ProductionError
    from production_sql.throwaway.databases import Databases
    from production_sql.throwaway.servers import swept

    try:
        databases = Databases(production_server_dsn)
    except ProductionError as error:
        way, dsn = _named(pytestconfig) or ("", "")
        source = way if dsn == production_server_dsn else "production_server_dsn"
        _fail(f"{source}: {error}")
    is_embedded = production_server_dsn == pytestconfig.stash.get(_embedded_dsn, None)
    sweeper = swept(production_server_dsn, databases.prefix)
    with closing(databases), nullcontext() if is_embedded else sweeper:
        yield databases


@pytest.fixture(scope="session")
def production_template(
    _production_databases: "Databases", production_migrate: Callable[[str], object]
) -> Iterator[str]:
    """Give the name of the database that is copied: a migrated one, without sessions.

    To be overridden by a host that has such a database already.
    """
    from production_sql.throwaway.databases import name_of

    with _production_databases.database() as dsn:
        production_migrate(dsn)
        yield name_of(dsn)


@pytest.fixture(scope="session")
def production_database(
    _production_databases: "Databases", production_template: str
) -> Callable[[], AbstractContextManager[str]]:
    """Return what makes a migrated database and drops it after a with, for its URL.

    The sessions that are left in it are ended.
    """
    return partial(_production_databases.database, production_template)


@pytest.fixture
def production_dsn(
    production_database: Callable[[], AbstractContextManager[str]],
) -> Iterator[str]:
    """Give the URL of a migrated database of the test's own."""
    with production_database() as dsn:
        yield dsn


@pytest.fixture
def production_connection(production_dsn: str) -> "Iterator[Connection]":
    """Give a connection to the test's own database, not in autocommit."""
    import psycopg

    with closing(psycopg.connect(production_dsn)) as conn:
        yield conn


@pytest.fixture
def production_factory() -> "Factory":
    """Return what makes valid DTOs, the same ones in each test and run."""
    from production_sql.testing import Factory

    return Factory()
