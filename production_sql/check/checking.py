"""python -m production_sql check: the server checks every query and migration."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection

from . import contract, git, migrations, rules
from .annotations import takes_none
from .catalog import Catalog
from .describe import connect, describe
from .migrations import Migrations
from .package import Declared, Package
from .problem import Problem
from .server import Server
from .text import Text

SCHEMA = "schema.snapshot"


def offline(package: Package) -> Iterator[Problem]:
    """Give what is wrong as far as it can be told without a server."""
    yield from package.problems
    for query in package.queries:
        yield from contract.check(query, [contract.declared(query)], None, write=False)
    yield from contract.orphans(package.folders)
    for folder in package.folders:
        for file in git.untracked(folder):
            what, mend = "git does not know of it", "git add it, with the SQL."
            yield Problem(file=file, what=what, mend=mend)
    if package.migrations is not None:
        yield from migrations.check_files(package.migrations)
        yield from migrations.check_checksums(package.migrations, write=False)


def check(package: Package, server: Server, *, write: bool = False) -> Iterator[Problem]:
    """Give what is wrong with the queries and the migrations of a package.

    With write, the contracts and the schema's snapshot are written anew, and the checksums
    of new migrations added. Raises ProductionError and the driver's errors for a server
    that cannot be asked.
    """
    with inspected(package, server) as made:
        yield from problems(package, server.version, made, write=write)


@contextmanager
def inspected(package: Package, server: Server) -> Generator[Migrations]:
    """Give a database with the package's migrations, and what they do."""
    if package.migrations is not None:
        with migrations.inspected(server, package.migrations) as made:
            yield made
    else:
        with server.database() as dsn:
            yield Migrations(dsn=dsn)


def problems(
    package: Package, version: int, made: Migrations, *, write: bool = False
) -> Iterator[Problem]:
    """Give what is wrong with a package whose migrations were inspected."""
    yield from package.problems
    yield from made.problems
    if made.is_cut:  # in a schema that is half made every query would be wrong
        return
    if package.migrations is not None:
        yield from migrations.check_checksums(package.migrations, write=write)
        schema = f"-- By pg_dump, from PostgreSQL {version}.\n\n{made.schema}"
        yield from _check_schema(package.migrations / SCHEMA, schema, write)
    with connect(made.dsn) as conn:
        catalog = Catalog(conn)
        if package.migrations is not None:
            yield from _check_identities(package.migrations / SCHEMA, catalog)
        for query in package.queries:
            yield from check_query(conn, catalog, query, version, write=write)
    yield from contract.orphans(package.folders)


def _check_schema(file: Path, schema: str, write: bool) -> Iterator[Problem]:
    old = file.read_text("utf-8", "replace") if file.exists() else ""
    is_of_another = "pg_dump" in old and old.split("\n")[0] != schema.split("\n")[0]
    if old != schema and write:
        file.write_text(schema, "utf-8", newline="\n")
    elif old != schema and not is_of_another:  # another version has other words for it
        yield contract.stale(file, old, schema)


def _check_identities(file: Path, catalog: Catalog) -> Iterator[Problem]:
    for column in catalog.columns.values():
        data_type = catalog.types[column.type]
        if column.identity and data_type.under_name != "int8":
            name = f"{catalog.relations[column.relation].name}.{column.name}"
            yield Problem(
                file=file,
                what=f"{name} is an identity of type {data_type.name}, and each replayed "
                "upsert uses up a value",
                mend="Make it a bigint.",
            )


def check_query(
    conn: Connection[Any], catalog: Catalog, query: Declared, version: int, *, write: bool
) -> Iterator[Problem]:
    """Give what is wrong with a query, and with its contract."""
    text = Text(query.file)
    optional = [takes_none(annotation) for annotation in query.annotations.values()]
    try:
        facts = describe(conn, catalog, text.statement, optional)
    except psycopg.Error as error:
        yield rules.refused(query, text, error)
        return
    problems = list(rules.problems(query, text, catalog, facts))
    yield from problems
    if not problems:  # a contract is of what is right
        sections = [contract.declared(query), *contract.found(query, facts, version)]
        yield from contract.check(query, sections, version, write=write)
