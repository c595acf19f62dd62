"""schema.verify: what it sees, and that what it gives as SQL mends it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from production_sql import (
    InvalidValueError,
    NotFoundError,
    ProductionError,
    bundles,
    drafts,
    schema,
)
from production_sql.files import folder

from .client import TABLES
from .samples import bundle, draft

D, B, A = (f"host.{table}" for table in TABLES)
IS_REWRITTEN = "The mend rewrites the table, which nobody can use meanwhile"
BURNS = f": every replayed upsert burns a value, and 31 bits run out. {IS_REWRITTEN}"
NO_JSONB = (
    ", which gives back what was stored; jsonb changes 1e23 and -0.0 and refuses \\u0000. "
    f"The mend drops the indexes on it: json has none. {IS_REWRITTEN}"
)
IN_UTC = f": the mend takes what is there for UTC. {IS_REWRITTEN}"
IDENTITY = (
    " is to be GENERATED ALWAYS AS IDENTITY: a role that has USAGE on a sequence that is "
    "dropped needs it on the new one"
)
SEQUENCE = (
    ": its sequence is to count up one by one, from 1 to 9223372036854775807, with CACHE 1 "
    "and NO CYCLE"
)
EITHER = "is the only other one that could be it: if it is not, ADD COLUMN instead"
ANOTHER = "another one by that name, which the mend drops"
UNFILLED = (
    ", which the migrations do not make, is NOT NULL without a default: every insert "
    "fails. A DEFAULT would do as well"
)
REFUSES = "may refuse what a call writes"
UQ_DRAFTS = "unique constraint uq_production_drafts_draft_id, USING btree (draft_id)"
PK_DRAFTS = "primary key production_drafts_pkey, USING btree (id)"
IX_DRAFTS = (
    "index ix_production_drafts_strategy_id, USING btree (strategy_id, created_at, id)"
)
UQ_BUNDLES = "unique constraint uq_production_bundles_bundle_id, USING btree (bundle_id)"
PK_BUNDLES = "primary key production_bundles_pkey, USING btree (id)"
IX_BUNDLES = "index ix_production_bundles_draft_id, USING btree (draft_id, created_at, id)"
UQ_ASSETS = "unique constraint uq_production_bundle_assets_asset_id, USING btree (asset_id)"
PK_ASSETS = "primary key production_bundle_assets_pkey, USING btree (id)"
IX_ASSETS = "index ix_production_bundle_assets_bundle_id, USING btree (bundle_id, id)"


@pytest.fixture(scope="module")
def database(maintenance: psycopg.Connection[Any]) -> Iterator[str]:
    """Where the tests make schemas of their own."""
    name = f"verify_{uuid4().hex}"
    maintenance.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    yield make_conninfo(maintenance.info.dsn, dbname=name)
    maintenance.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A session in a schema that is called host, with the tables in it."""
    with psycopg.connect(database, autocommit=True, options="-csearch_path=host") as conn:
        conn.execute("DROP SCHEMA IF EXISTS host CASCADE")
        conn.execute("CREATE SCHEMA host")
        with conn.transaction():
            for file in folder("migrations").glob("*tables.sql"):
                conn.execute(file.read_bytes())
        yield conn


def differences(conn: psycopg.Connection[Any]) -> list[schema.Difference]:
    return schema.verify(conn.info.dsn)


def mend(conn: psycopg.Connection[Any], differences: list[schema.Difference]) -> None:
    for difference in differences:
        for statement in difference.sql:
            conn.execute(statement.encode())


# Of each: what a host may have done, and what is said of it.
CASES: dict[str, tuple[str, list[str]]] = {
    "columns by other names": (
        """
        ALTER TABLE production_drafts RENAME metadata TO meta;
        ALTER TABLE production_drafts ALTER meta TYPE jsonb;
        ALTER TABLE production_drafts ALTER meta SET NOT NULL;
        ALTER TABLE production_bundles RENAME id TO pk;
        ALTER TABLE production_bundles RENAME draft_id TO draft;
        ALTER TABLE production_bundle_assets RENAME asset_id TO asset;
        ALTER TABLE production_bundle_assets RENAME CONSTRAINT
            uq_production_bundle_assets_asset_id TO mine;
        """,
        [
            f"{D}.meta is jsonb, and is to be json{NO_JSONB}",
            f"{D}.meta is NOT NULL, and is to take NULL",
            f"{A} is to have the {UQ_ASSETS.replace('(asset_id)', '(asset)')}, and has it "
            "as mine",
            f"{D} has no column metadata, and meta (jsonb) {EITHER}",
            f"{B} has no column draft_id, and draft (text) {EITHER}",
            f"{B} has no column id, and pk (bigint) {EITHER}",
            f"{A} has no column asset_id, and asset (text) {EITHER}",
        ],
    ),
    "columns that are missing": (
        """
        ALTER TABLE production_drafts DROP metadata, ADD meta int;
        DELETE FROM production_bundles;
        ALTER TABLE production_bundles DROP draft_id, DROP bundle_id;
        ALTER TABLE production_bundle_assets DROP id CASCADE, DROP updated_at,
            ADD tenant int;
        """,
        [
            f"{D} has no column metadata",
            *(
                f"{B} has no column {column}: where there are rows the mend fails, until "
                "it says a DEFAULT for them"
                for column in ("bundle_id", "draft_id")
            ),
            f"{A} has no column id: the mend rewrites the table to number its rows",
            f"{A} has no column updated_at: the mend gives the rows that are there its own "
            "time",
            f"{B} is to have the {UQ_BUNDLES}, and has none",
            f"{A} is to have the {PK_ASSETS}, and has none",
            f"{B} is to have the {IX_BUNDLES}, and has none",
            f"{A} is to have the {IX_ASSETS}, and has none",
        ],
    ),
    "columns that no call fills": (
        """
        ALTER TABLE production_drafts ADD version int NOT NULL DEFAULT 1;
        ALTER TABLE production_drafts ALTER version DROP DEFAULT;
        ALTER TABLE production_bundles ADD key bigint GENERATED ALWAYS AS IDENTITY;
        ALTER TABLE production_bundles DROP CONSTRAINT production_bundles_pkey;
        ALTER TABLE production_bundles ALTER key DROP IDENTITY, ADD PRIMARY KEY (key);
        """,
        [
            f"{B} is to have the {PK_BUNDLES}, and has {ANOTHER}",
            f"{D}.version{UNFILLED}",
            f"{B}.key{UNFILLED}",
        ],
    ),
    "columns of other types": (
        """
        CREATE DOMAIN url AS text CHECK (VALUE ~ 'https');
        CREATE TYPE kind AS ENUM ('blog_post');
        ALTER TABLE production_drafts
            ALTER id TYPE integer,
            ALTER draft_id TYPE varchar(64),
            ALTER strategy_id TYPE text COLLATE "C",
            ALTER content_type TYPE kind USING content_type::kind,
            ALTER metadata TYPE jsonb;
        CREATE INDEX ON production_drafts USING gin (metadata);
        ALTER TABLE production_bundles
            ALTER assembled_at TYPE timestamp,
            ALTER created_at TYPE date,
            ALTER updated_at TYPE timestamptz(3);
        ALTER TABLE production_bundle_assets
            ALTER url TYPE url,
            ALTER metadata TYPE text;
        """,
        [
            f"{D}.id is integer, and is to be bigint{BURNS}",
            f"{D}.draft_id is character varying(64), and is to be text",
            f'{D}.strategy_id is text COLLATE "C", and is to be text',
            f"{D}.content_type is host.kind, and is to be text. {IS_REWRITTEN}",
            f"{D}.metadata is jsonb, and is to be json{NO_JSONB}",
            f"{B}.assembled_at is timestamp without time zone, and is to be timestamp with "
            f"time zone{IN_UTC}",
            f"{B}.created_at is date, and is to be timestamp with time zone{IN_UTC}",
            f"{B}.updated_at is timestamp(3) with time zone, and is to be timestamp with "
            "time zone",
            f"{A}.url is host.url, and is to be text",
            f"{A}.metadata is text, and is to be json. {IS_REWRITTEN}",
        ],
    ),
    "a column that is computed": (
        """
        ALTER TABLE production_drafts DROP content_type;
        ALTER TABLE production_drafts
            ADD content_type text NOT NULL GENERATED ALWAYS AS ('blog_post') STORED;
        """,
        [f"{D}.content_type is computed: every insert fails"],
    ),
    "NULL where there is to be none": (
        "ALTER TABLE production_drafts ALTER body DROP NOT NULL",
        [
            f"{D}.body is to be NOT NULL: the mend fails where there is a NULL, until that "
            "is given a value"
        ],
    ),
    "ids that are no identity": (
        """
        ALTER TABLE production_bundle_assets DROP id CASCADE;
        ALTER TABLE production_bundle_assets ADD id serial PRIMARY KEY;
        CREATE INDEX ix_production_bundle_assets_bundle_id
            ON production_bundle_assets (bundle_id, id);
        ALTER TABLE production_drafts ALTER id DROP IDENTITY;
        CREATE SEQUENCE production_drafts_id_seq;
        ALTER TABLE production_drafts
            ALTER id SET DEFAULT nextval('production_drafts_id_seq');
        ALTER TABLE production_bundles ALTER id DROP IDENTITY;
        """,
        [
            "host.production_drafts_id_seq has the name of a part of production_drafts",
            f"{A}.id is integer, and is to be bigint{BURNS}",
            f"{D}.id{IDENTITY}",
            f"{B}.id{IDENTITY}",
            f"{A}.id{IDENTITY}",
        ],
    ),
    "identities that are others": (
        """
        ALTER TABLE production_drafts ALTER id SET GENERATED BY DEFAULT;
        INSERT INTO production_drafts
        SELECT 2 AS id, 'another', strategy_id, content_type, body, metadata, created_at,
            updated_at FROM production_drafts;
        ALTER SEQUENCE production_bundles_id_seq AS int CYCLE;
        ALTER SEQUENCE production_bundle_assets_id_seq CACHE 20 INCREMENT 2;
        ALTER SEQUENCE production_bundle_assets_id_seq RENAME TO numbers;
        """,
        [
            f"{D}.id is GENERATED BY DEFAULT, and is to be ALWAYS: an insert could choose "
            "an id, which the sequence gives again",
            f"{B}.id{SEQUENCE}",
            f"{A}.id{SEQUENCE}",
            f"{A}.id: its sequence is called host.numbers, and is to be "
            "production_bundle_assets_id_seq",
        ],
    ),
    "keys and indexes by other names": (
        """
        ALTER TABLE production_drafts RENAME CONSTRAINT uq_production_drafts_draft_id
            TO production_drafts_draft_id_key;
        ALTER TABLE production_drafts RENAME CONSTRAINT production_drafts_pkey
            TO "PK of drafts";
        ALTER INDEX ix_production_drafts_strategy_id RENAME TO mine;
        CREATE UNIQUE INDEX again ON production_drafts (draft_id);
        """,
        [
            f"{D} is to have the {UQ_DRAFTS}, and has it as production_drafts_draft_id_key",
            f'{D} is to have the {PK_DRAFTS}, and has it as "PK of drafts"',
            f"{D} is to have the {IX_DRAFTS}, and has it as mine",
        ],
    ),
    "indexes in place of others": (
        """
        ALTER TABLE production_drafts DROP CONSTRAINT uq_production_drafts_draft_id;
        ALTER TABLE production_drafts DROP CONSTRAINT production_drafts_pkey;
        CREATE UNIQUE INDEX uq_production_drafts_draft_id ON production_drafts (draft_id);
        CREATE UNIQUE INDEX mine ON production_drafts (id);
        ALTER INDEX ix_production_bundles_draft_id RENAME TO mine_too;
        CREATE INDEX ix_production_bundles_draft_id ON production_bundles (draft_id);
        """,
        [
            f"{D} is to have the {UQ_DRAFTS}, and has it as the mere index "
            "uq_production_drafts_draft_id",
            f"{D} is to have the {PK_DRAFTS}, and has it as the mere index mine",
            f"{B} is to have the {IX_BUNDLES}, and has it as mine_too, beside {ANOTHER}",
        ],
    ),
    "no keys and no indexes": (
        """
        ALTER TABLE production_bundles DROP CONSTRAINT uq_production_bundles_bundle_id;
        ALTER TABLE production_bundles DROP CONSTRAINT production_bundles_pkey;
        DROP INDEX ix_production_bundles_draft_id;
        """,
        [
            f"{B} is to have the {UQ_BUNDLES}, and has none",
            f"{B} is to have the {PK_BUNDLES}, and has none",
            f"{B} is to have the {IX_BUNDLES}, and has none",
        ],
    ),
    "keys that are deferrable": (
        """
        ALTER TABLE production_bundles DROP CONSTRAINT uq_production_bundles_bundle_id,
            ADD CONSTRAINT uq_production_bundles_bundle_id UNIQUE (bundle_id) DEFERRABLE;
        ALTER TABLE production_drafts
            ADD CONSTRAINT mine UNIQUE (draft_id) DEFERRABLE INITIALLY DEFERRED;
        """,
        [
            f"{B} is to have the {UQ_BUNDLES}, and has it DEFERRABLE, which ON CONFLICT "
            "refuses",
            f"{D}: the unique constraint mine (USING btree (draft_id)) {REFUSES}",
        ],
    ),
    "keys of other columns": (
        """
        ALTER TABLE production_bundles DROP CONSTRAINT uq_production_bundles_bundle_id,
            DROP CONSTRAINT production_bundles_pkey,
            ADD CONSTRAINT uq_production_bundles_bundle_id UNIQUE (bundle_id, draft_id),
            ADD CONSTRAINT pk PRIMARY KEY (bundle_id);
        """,
        [
            f"{B} is to have the {UQ_BUNDLES}, and has {ANOTHER}",
            f"{B}: the primary key pk (USING btree (bundle_id)) {REFUSES}",
            f"{B} is to have the {PK_BUNDLES}, and has none",
        ],
    ),
    "further keys": (
        """
        CREATE UNIQUE INDEX one ON production_bundle_assets (url) WHERE url > 'a';
        ALTER TABLE production_bundle_assets ADD CONSTRAINT other UNIQUE (bundle_id),
            ADD EXCLUDE USING btree (asset_type WITH =);
        """,
        [
            f"{A}: the unique index one (USING btree (url) WHERE (url > 'a'::text)) "
            f"{REFUSES}",
            f"{A}: the unique constraint other (USING btree (bundle_id)) {REFUSES}",
            f"{A}: the exclusion constraint production_bundle_assets_asset_type_excl "
            f"(USING btree (asset_type)) {REFUSES}",
        ],
    ),
    "indexes that are partial, unique, or of a key": (
        """
        DROP INDEX ix_production_drafts_strategy_id;
        ALTER TABLE production_drafts
            ADD CONSTRAINT ix_production_drafts_strategy_id UNIQUE (strategy_id);
        DROP INDEX ix_production_bundles_draft_id;
        CREATE INDEX ix_production_bundles_draft_id
            ON production_bundles (draft_id, created_at, id) WHERE draft_id > 'a';
        DROP INDEX ix_production_bundle_assets_bundle_id;
        CREATE UNIQUE INDEX ix_production_bundle_assets_bundle_id
            ON production_bundle_assets (bundle_id, id);
        """,
        [
            f"{D} is to have the {IX_DRAFTS}, and has {ANOTHER}",
            f"{B} is to have the {IX_BUNDLES}, and has {ANOTHER}",
            f"{A} is to have the {IX_ASSETS}, and has {ANOTHER}",
        ],
    ),
    "checks and foreign keys": (
        """
        ALTER TABLE production_drafts ADD CONSTRAINT "no draft" CHECK (body != 'draft');
        ALTER TABLE production_bundles ADD CONSTRAINT of_draft FOREIGN KEY (draft_id)
            REFERENCES production_drafts (draft_id);
        """,
        [
            f"{D}: the check \"no draft\" {REFUSES}: CHECK ((body <> 'draft'::text))",
            f"{B}: the foreign key of_draft refuses what comes before the row that it "
            f"refers to, as it may: FOREIGN KEY (draft_id) REFERENCES {D}(draft_id)",
        ],
    ),
    "triggers and rules": (
        """
        CREATE TRIGGER same BEFORE UPDATE ON production_drafts
            FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
        CREATE RULE kept AS ON DELETE TO production_drafts DO INSTEAD NOTHING;
        """,
        [
            f"{D}: the rule kept makes other statements of those of the calls",
            f"{D}: the trigger same acts on what the calls write",
        ],
    ),
    "tables that are kept otherwise": (
        """
        ALTER TABLE production_drafts SET UNLOGGED;
        ALTER TABLE production_bundles ENABLE ROW LEVEL SECURITY;
        CREATE TABLE parent (url text);
        ALTER TABLE production_bundle_assets INHERIT parent;
        CREATE TABLE child () INHERITS (production_bundles);
        """,
        [
            f"{D} is UNLOGGED: a crash empties it",
            f"{B} has row level security: the calls see and write only what a policy lets "
            "them",
            f"host.child is a child of {B}, which loses its rows by the mend",
            f"{A} is a child of host.parent, which loses its rows by the mend",
        ],
    ),
    "a partition": (
        """
        ALTER TABLE production_drafts ALTER id DROP IDENTITY;
        CREATE TABLE whole (LIKE production_drafts) PARTITION BY LIST (content_type);
        ALTER TABLE whole ATTACH PARTITION production_drafts FOR VALUES IN ('blog_post');
        """,
        [
            f"{D} is a partition of host.whole, which loses its rows by the mend",
            f"{D}.id{IDENTITY}",
        ],
    ),
    "tables that are missing, with others that were called so": (
        """
        ALTER TABLE production_drafts RENAME TO drafts_of_old;
        DROP TABLE production_bundles, production_bundle_assets;
        """,
        [
            *(
                f"host.{part} of drafts_of_old has the name of a part of production_drafts"
                for part in (
                    "production_drafts_id_seq",
                    "production_drafts_pkey",
                    "uq_production_drafts_draft_id",
                    "ix_production_drafts_strategy_id",
                )
            ),
            f"{D} is missing",
            f"{B} is missing",
            f"{A} is missing",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_difference_is_told_and_its_sql_mends_it(
    conn: psycopg.Connection[Any], case: str
) -> None:
    drafts.create(conn, draft())
    bundles.create(conn, bundle("bundle_1", "a"))
    statements, texts = CASES[case]
    conn.execute(statements.encode())

    found = differences(conn)

    assert [difference.text for difference in found] == texts
    mend(conn, found)
    assert differences(conn) == []
    drafts.create(conn, draft("draft_2"))
    assert bundles.upsert(conn, bundle("bundle_2", "b", "c"))
    assert drafts.fetch(conn, "draft_2") == draft("draft_2")
    assert bundles.fetch(conn, "bundle_2") == bundle("bundle_2", "b", "c")
    lost = ("DROP TABLE", "DROP COLUMN", "DELETE", "TRUNCATE", "CASCADE")
    assert not [
        statement
        for difference in found
        for statement in difference.sql
        if any(word in statement for word in lost)
    ]


HOST = """
    DROP TABLE production_drafts;
    CREATE TABLE production_drafts (
        id serial PRIMARY KEY,
        draft_id varchar(64) NOT NULL UNIQUE,
        strategy_id text NOT NULL,
        content_type text,
        body text NOT NULL,
        meta jsonb DEFAULT '{}',
        created_at timestamp NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL
    );
    INSERT INTO production_drafts
    SELECT 7, 'draft_1', 'strategy_1', 'blog_post', 'Hello', '{"a": 1}',
        '2026-03-14 12:00', now();
"""


def test_the_tables_of_a_hosts_own_tool_are_mended_with_all_that_is_in_them(
    conn: psycopg.Connection[Any],
) -> None:
    conn.execute(HOST)
    # Of another search_path and time zone.
    dsn = make_conninfo(conn.info.dsn, options="-ctimezone=Asia/Tokyo")

    found = schema.verify(dsn, schema="host")

    table = "ALTER TABLE host.production_drafts"
    assert [statement for difference in found for statement in difference.sql] == [
        f"{table} ALTER COLUMN id TYPE bigint USING id::bigint;",
        f"{table} ALTER COLUMN draft_id TYPE text USING draft_id::text;",
        f"{table} ALTER COLUMN meta TYPE json USING meta::json;",
        f"{table} ALTER COLUMN created_at TYPE timestamp with time zone "
        "USING created_at::timestamp AT TIME ZONE 'UTC';",
        f"{table} ADD CONSTRAINT content_type_is_not_null "
        "CHECK (content_type IS NOT NULL) NOT VALID;",
        f"{table} VALIDATE CONSTRAINT content_type_is_not_null;",
        f"{table} ALTER COLUMN content_type SET NOT NULL;",
        f"{table} DROP CONSTRAINT content_type_is_not_null;",
        "BEGIN;",
        f"{table} ALTER COLUMN id DROP DEFAULT;",
        "DROP SEQUENCE host.production_drafts_id_seq;",
        f"{table} ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY "
        "(SEQUENCE NAME host.production_drafts_id_seq);",
        "SELECT setval('host.production_drafts_id_seq', coalesce(max(id), 0) + 1, FALSE) "
        "FROM host.production_drafts;",
        "COMMIT;",
        f"{table} RENAME CONSTRAINT production_drafts_draft_id_key "
        "TO uq_production_drafts_draft_id;",
        "CREATE INDEX CONCURRENTLY ix_production_drafts_strategy_id "
        "ON host.production_drafts USING btree (strategy_id, created_at, id);",
        f"{table} RENAME COLUMN meta TO metadata;",
    ]
    with psycopg.connect(dsn, autocommit=True) as session:
        mend(session, found)
    assert schema.verify(dsn, schema="host") == []
    stored = draft(body="Hello", metadata={"a": 1})
    assert drafts.fetch(conn, "draft_1") == stored
    drafts.create(conn, draft("draft_2"))
    ids = conn.execute("SELECT id FROM production_drafts ORDER BY id").fetchall()
    assert ids == [(7,), (8,)]


def test_an_index_whose_build_has_failed_is_dropped_and_built_again(
    conn: psycopg.Connection[Any],
) -> None:
    drafts.create(conn, draft())
    conn.execute("""
        ALTER TABLE production_drafts DROP CONSTRAINT uq_production_drafts_draft_id;
        INSERT INTO production_drafts (draft_id, strategy_id, content_type, body,
            created_at, updated_at)
        SELECT draft_id, strategy_id, content_type, body, created_at, updated_at
        FROM production_drafts;
    """)
    (difference,) = differences(conn)
    with pytest.raises(psycopg.errors.UniqueViolation):
        mend(conn, [difference])
    with pytest.raises(psycopg.errors.UniqueViolation):
        conn.execute("CREATE UNIQUE INDEX CONCURRENTLY mine ON production_drafts (body)")
    conn.execute("DELETE FROM production_drafts WHERE id > 1")

    found = differences(conn)

    assert [each.text for each in found] == [
        *(
            f"{D}: the index host.{name} is not valid. Unless a session is building it at "
            "this moment, that has failed"
            for name in ("uq_production_drafts_draft_id", "mine")
        ),
        f"{D} is to have the {UQ_DRAFTS}, and has none",
    ]
    mend(conn, found)
    assert differences(conn) == []


@pytest.mark.parametrize(
    "kinds",
    [
        {
            "view": "CREATE VIEW production_drafts AS SELECT 1",
            "materialized view": "CREATE MATERIALIZED VIEW production_bundles AS SELECT 1",
            "sequence": "CREATE SEQUENCE production_bundle_assets",
        },
        {
            "partitioned table": "CREATE TABLE production_drafts (id int) "
            "PARTITION BY LIST (id)",
            "composite type": "CREATE TYPE production_bundles AS (id int)",
            "name of an index": "CREATE TABLE other (id int);"
            "CREATE INDEX production_bundle_assets ON other (id)",
        },
    ],
)
def test_what_else_has_the_name_of_a_table_is_for_a_person(
    conn: psycopg.Connection[Any], kinds: dict[str, str]
) -> None:
    conn.execute(f"DROP TABLE {D}, {B}, {A}")
    for statements in kinds.values():
        conn.execute(statements.encode())

    assert differences(conn) == [
        schema.Difference(
            text=f"{table} is a {kind}, and is to be a table: only a person can say what "
            "becomes of it",
            sql=[],
        )
        for table, kind in zip((D, B, A), kinds, strict=True)
    ]


def test_an_id_that_can_be_no_number_is_for_a_person(
    conn: psycopg.Connection[Any],
) -> None:
    conn.execute("""
        ALTER TABLE production_drafts ALTER id DROP IDENTITY;
        ALTER TABLE production_drafts ALTER id TYPE uuid USING gen_random_uuid();
        ALTER TABLE production_drafts ALTER id SET DEFAULT gen_random_uuid();
    """)

    assert differences(conn) == [
        schema.Difference(
            text=f"{D}.id is uuid, and is to be bigint. No cast leads there: only a person "
            "can say what becomes of it",
            sql=[],
        )
    ]


def test_a_view_or_a_generated_column_makes_the_change_of_a_type_fail(
    conn: psycopg.Connection[Any],
) -> None:
    conn.execute("""
        ALTER TABLE production_drafts ALTER body TYPE varchar(99),
            ALTER strategy_id TYPE varchar(64);
        CREATE VIEW mine AS SELECT body, body AS again FROM production_drafts;
        CREATE MATERIALIZED VIEW other AS SELECT id FROM production_drafts WHERE body > '';
    """)
    texts = [
        f"{D}.strategy_id is character varying(64), and is to be text",
        f"{D}.body is character varying(99), and is to be text. The mend fails until the "
        "views on it are dropped: host.mine, host.other",
    ]

    found = differences(conn)

    assert [each.text for each in found] == texts
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="used by a view or rule"):
        mend(conn, found[1:])
    assert differences(conn) == found
    conn.execute("""
        DROP VIEW mine;
        DROP MATERIALIZED VIEW other;
        ALTER TABLE production_drafts
            ADD length int GENERATED ALWAYS AS (length(body)) STORED;
    """)
    with pytest.raises(psycopg.Error, match="used by a generated column"):
        mend(conn, found[1:])
    conn.execute("ALTER TABLE production_drafts DROP length")
    mend(conn, found)
    assert differences(conn) == []


def test_a_column_that_another_may_be_is_for_a_person(
    conn: psycopg.Connection[Any],
) -> None:
    drafts.create(conn, draft(metadata={"a": 1}))
    conn.execute("""
        ALTER TABLE production_drafts RENAME metadata TO meta;
        ALTER TABLE production_drafts RENAME created_at TO inserted_at;
        ALTER TABLE production_drafts ADD "Settings" jsonb,
            ADD published_at date UNIQUE NOT NULL DEFAULT now();
        ALTER TABLE production_drafts ALTER published_at DROP DEFAULT;
        ALTER TABLE production_bundles DROP draft_id, DROP bundle_id, ADD one_of_both text;
        ALTER TABLE production_bundle_assets RENAME id TO pk;
        ALTER TABLE production_bundle_assets ADD number int DEFAULT 1;
    """)
    choices = {
        f"{D} has no column created_at": "inserted_at (timestamp with time zone) or "
        "published_at (date)",
        f"{D} has no column metadata": 'meta (json) or "Settings" (jsonb)',
        f"{B} has no column bundle_id": "one_of_both (text)",
        f"{B} has no column draft_id": "one_of_both (text)",
        f"{A} has no column id": "pk (bigint) or number (integer)",
    }

    assert differences(conn) == [
        schema.Difference(
            text=f"{missing}, and could have it as {candidates}: only a person can say. "
            "RENAME COLUMN, or ADD COLUMN if it is none of them, and verify again",
            sql=[],
        )
        for missing, candidates in choices.items()
    ]

    conn.execute("""
        ALTER TABLE production_drafts RENAME meta TO metadata;
        ALTER TABLE production_drafts RENAME inserted_at TO created_at;
        ALTER TABLE production_bundles RENAME one_of_both TO bundle_id;
        ALTER TABLE production_bundles ADD draft_id text NOT NULL;
        ALTER TABLE production_bundle_assets RENAME pk TO id;
    """)
    mend(conn, differences(conn))
    assert differences(conn) == []
    assert drafts.fetch(conn, "draft_1") == draft(metadata={"a": 1})


def test_references_by_number_are_for_a_person(conn: psycopg.Connection[Any]) -> None:
    conn.execute("""
        DROP TABLE production_bundles, production_bundle_assets;
        CREATE TABLE production_bundles (
            id bigint PRIMARY KEY,
            draft_id bigint CONSTRAINT fk REFERENCES production_drafts (id)
        );
        CREATE TABLE production_bundle_assets (
            bundle_id integer CONSTRAINT fk REFERENCES production_bundles (id),
            url varchar CONSTRAINT by_key REFERENCES production_drafts (draft_id)
        );
    """)
    by_number = (
        "It refers to rows by a number, and is to be their key: only a person can say "
    )
    refers = "refers to rows by a number, and the calls do by a key:"

    found = {each.text: each.sql for each in differences(conn)}

    for table, column, type_ in ((B, "draft_id", "bigint"), (A, "bundle_id", "integer")):
        what = f"{table}.{column} is {type_}, and is to be text. {by_number}"
        assert found[f"{what}what becomes of it"] == []
        (key,) = (text for text in found if f"{table}: the foreign key fk {refers}" in text)
        assert key.endswith("Only a person can say what becomes of it")
        assert found[key] == []
    (key,) = (text for text in found if "the foreign key by_key" in text)
    assert found[key] == [f"ALTER TABLE {A} DROP CONSTRAINT by_key;"]
    assert found[f"{A}.url is character varying, and is to be text"] != []


def test_a_column_that_may_be_none_of_ours_is_not_taken_for_one(
    conn: psycopg.Connection[Any],
) -> None:
    conn.execute("""
        ALTER TABLE production_drafts DROP updated_at, ADD deleted_at timestamptz;
        ALTER TABLE production_bundle_assets DROP metadata, ADD meta varchar;
    """)
    choices = {
        f"{D} has no column updated_at": "deleted_at (timestamp with time zone)",
        f"{A} has no column metadata": "meta (character varying)",
    }

    assert [(each.text.partition(": ")[0], each.sql) for each in differences(conn)] == [
        (f"{missing}, and could have it as {candidate}", [])
        for missing, candidate in choices.items()
    ]


def test_what_a_cast_would_change_is_told(conn: psycopg.Connection[Any]) -> None:
    conn.execute("""
        ALTER TABLE production_drafts ALTER id DROP IDENTITY;
        ALTER TABLE production_drafts
            ALTER body TYPE bytea USING body::bytea,
            ALTER created_at TYPE text,
            ALTER id TYPE numeric;
        CREATE DOMAIN sure AS text NOT NULL;
        ALTER TABLE production_bundles ADD mine sure;
    """)

    found = {each.text: each.sql for each in differences(conn)}

    body, time, number = (
        next(text for text in found if text.startswith(f"{D}.{column} is {type_}, and"))
        for column, type_ in (("body", "bytea"), ("created_at", "text"), ("id", "numeric"))
    )
    assert body.endswith("No cast leads there: only a person can say what becomes of it")
    assert found[body] == []
    assert "the mend reads a time without a zone in that of its session" in time
    assert "the mend rounds" in number
    assert found[f"{B}.mine{UNFILLED}"] == []


def test_what_only_newer_servers_have(conn: psycopg.Connection[Any]) -> None:
    if conn.info.server_version < 180000:
        pytest.skip("from PostgreSQL 18 on")
    conn.execute("""
        ALTER TABLE production_drafts DROP content_type;
        ALTER TABLE production_drafts
            ADD content_type text GENERATED ALWAYS AS ('blog_post') VIRTUAL NOT NULL;
        ALTER TABLE production_bundles ALTER draft_id DROP NOT NULL;
        ALTER TABLE production_bundles ADD CONSTRAINT late NOT NULL draft_id NOT VALID;
    """)

    assert differences(conn) == [
        schema.Difference(
            text=f"{D}.content_type is computed when it is read: only a person can say "
            "what is to be stored",
            sql=[],
        ),
        schema.Difference(
            text=f"{B}.draft_id is to be NOT NULL: the mend fails where there is a NULL, "
            "until that is given a value",
            sql=[f"ALTER TABLE {B} VALIDATE CONSTRAINT late;"],
        ),
    ]


def test_what_a_host_has_added_and_no_call_runs_into_is_no_difference(
    conn: psycopg.Connection[Any],
) -> None:
    conn.execute("""
        CREATE DOMAIN once AS int DEFAULT 1;
        ALTER TABLE production_drafts
            ADD note text,
            ADD version int NOT NULL DEFAULT 1,
            ADD number bigint GENERATED ALWAYS AS IDENTITY,
            ADD times once NOT NULL,
            ADD length int GENERATED ALWAYS AS (length(body)) STORED,
            ALTER created_at SET DEFAULT now();
        CREATE INDEX mine ON production_drafts (updated_at) WHERE body > 'a';
        CREATE UNIQUE INDEX again ON production_drafts (draft_id);
        CREATE INDEX again_too ON production_drafts (strategy_id, created_at, id);
        ALTER INDEX ix_production_drafts_strategy_id SET (fillfactor = 80);
        ALTER TABLE production_drafts SET (fillfactor = 80);
        ALTER SEQUENCE production_drafts_id_seq RESTART 1000;
        CREATE TRIGGER same BEFORE UPDATE ON production_drafts
            FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
        ALTER TABLE production_drafts DISABLE TRIGGER same;
        CREATE VIEW mine_too AS SELECT * FROM production_drafts;
        CREATE TABLE production_texts (id int CHECK (id > 0));
        GRANT ALL ON production_drafts TO PUBLIC;
    """)

    assert differences(conn) == []


def test_the_tables_of_the_migrations_have_no_difference_whatever_the_schemas_name(
    database: str,
) -> None:
    name = 'Ten"ant; %C3 %s USING (x'
    dsn = make_conninfo(database, options="-csearch_path=nowhere")
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
        schema.apply(dsn, schema=name)
        assert schema.verify(dsn, schema=name) == []

        conn.execute(SQL("SET search_path = {}").format(Identifier(name)))
        conn.execute(HOST)
        conn.execute("ALTER TABLE production_bundles DROP id CASCADE")
        conn.execute("DROP TABLE production_bundle_assets")
        mend(conn, schema.verify(dsn, schema=name))
    assert schema.verify(dsn, schema=name) == []


# All that is in the catalogs of tables, and how far the sequences are.
CATALOG = """
    SELECT relname, relnamespace::regnamespace::text, xmin::text FROM pg_class
    UNION ALL SELECT attname, attrelid::text, xmin::text FROM pg_attribute
    UNION ALL SELECT conname, conrelid::text, xmin::text FROM pg_constraint
    UNION ALL SELECT nspname, oid::text, xmin::text FROM pg_namespace
    UNION ALL SELECT sequencename, schemaname, last_value::text FROM pg_sequences
    ORDER BY 1, 2, 3
"""


def test_it_changes_nothing_and_leaves_nothing(conn: psycopg.Connection[Any]) -> None:
    drafts.create(conn, draft())
    conn.execute("ALTER TABLE production_drafts RENAME metadata TO meta")
    before = conn.execute(CATALOG).fetchall()

    assert len(differences(conn)) == 1

    assert conn.execute(CATALOG).fetchall() == before


def test_it_waits_for_nobody_who_reads_writes_or_builds_an_index(
    conn: psycopg.Connection[Any],
) -> None:
    with conn.transaction():
        conn.execute(f"LOCK TABLE {D}, {B}, {A} IN EXCLUSIVE MODE")

        assert differences(conn) == []


@pytest.mark.torture
def test_it_gives_up_on_a_table_that_another_session_changes(
    conn: psycopg.Connection[Any],
) -> None:
    with conn.transaction():
        conn.execute("ALTER TABLE production_drafts ADD mine int")

        with pytest.raises(psycopg.errors.LockNotAvailable):
            differences(conn)


LEGACY = """
    CREATE TABLE production_assets (
        id serial PRIMARY KEY,
        asset_id varchar(9) UNIQUE DEFERRABLE,
        metadata jsonb CHECK (metadata IS NOT NULL)
    );
"""


def test_the_legacy_table_is_not_looked_at(conn: psycopg.Connection[Any]) -> None:
    conn.execute(LEGACY)

    assert differences(conn) == []


def test_a_foreign_key_of_another_table_is_for_a_person(
    conn: psycopg.Connection[Any],
) -> None:
    conn.execute(LEGACY)
    conn.execute("""
        ALTER TABLE production_assets ADD CONSTRAINT of_asset FOREIGN KEY (asset_id)
            REFERENCES production_bundle_assets (asset_id);
        CREATE TABLE reviews (asset_id text CONSTRAINT of_asset
            REFERENCES production_bundle_assets (asset_id)) PARTITION BY LIST (asset_id);
        CREATE TABLE part_of_them PARTITION OF reviews DEFAULT;
    """)

    assert differences(conn) == [
        schema.Difference(
            text=f"host.{table}: the foreign key of_asset refuses to let go of what it "
            f"refers to: FOREIGN KEY (asset_id) REFERENCES {A}(asset_id). Only a person "
            "can say what becomes of it",
            sql=[],
        )
        for table in ("production_assets", "reviews")
    ]


def test_a_schema_that_is_not_there_is_an_error(database: str) -> None:
    with pytest.raises(NotFoundError) as raised:
        schema.verify(database, schema="nowhere")

    assert str(raised.value) == "schema 'nowhere' is not there: CREATE SCHEMA first"


def test_a_read_only_session_is_an_error(database: str) -> None:
    with pytest.raises(ProductionError) as raised:
        schema.verify(make_conninfo(database, options="-cdefault_transaction_read_only=on"))

    assert str(raised.value) == (
        "dsn: the server takes no writes from this session: connect to the primary, and "
        "without default_transaction_read_only"
    )


def test_a_dsn_that_is_no_dsn_is_an_error_without_the_password() -> None:
    with pytest.raises(InvalidValueError, match="not a connection string") as raised:
        schema.verify("host=localhost pass=hunter2")

    assert "hunter2" not in str(raised.value)


def test_it_takes_a_role_that_may_make_temporary_tables_and_nothing_else(
    database: str, conn: psycopg.Connection[Any]
) -> None:
    user = f"looker_{uuid4().hex}"
    role = Identifier(user)
    conn.execute(SQL("CREATE ROLE {} LOGIN").format(role))
    dsn = make_conninfo(database, user=user)
    try:
        assert schema.verify(dsn, schema="host") == []
        conn.execute("DROP INDEX ix_production_drafts_strategy_id")
        assert len(schema.verify(dsn, schema="host")) == 1

        name = Identifier(conn.info.dbname)
        conn.execute(SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(name))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="temporary"):
            schema.verify(dsn, schema="host")
        conn.execute(SQL("GRANT TEMPORARY ON DATABASE {} TO PUBLIC").format(name))
    finally:
        conn.execute(SQL("DROP ROLE {}").format(role))
