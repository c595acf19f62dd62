"""The roles in docs/roles.sql can do what they are for, and nothing else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg.conninfo import make_conninfo
from psycopg.errors import InsufficientPrivilege

from production_sql import assets, bundles, drafts, schema

from .client import TABLES, Client, Observer
from .samples import asset, bundle, draft

ROLES = Path(__file__).parents[1] / "docs" / "roles.sql"
FETCHES: list[tuple[Any, ...]] = [
    (drafts.fetch, "draft_1"),
    (drafts.fetch_by_strategy, "strategy_1"),
    (bundles.fetch, "bundle_1"),
    (bundles.fetch_by_draft, "draft_1"),
    (assets.fetch, "a"),
    (assets.fetch_by_bundle, "bundle_1"),
]
WRITES: list[tuple[Any, ...]] = [
    (drafts.create, draft("draft_2")),
    (drafts.upsert, draft("draft_2", body="Changed")),
    (bundles.create, bundle("bundle_2", "b")),
    (bundles.upsert, bundle("bundle_2", "c", "b")),
    (assets.create, "bundle_2", asset("d")),
    (assets.upsert, "bundle_2", asset("d", url="changed")),
    (bundles.discard, "bundle_2"),
    (drafts.discard, "draft_2"),
]
OTHER: list[str] = [
    "SELECT FROM production_assets",
    "INSERT INTO production_assets VALUES (1)",
    "SELECT FROM other",
    "SELECT FROM _yoyo_migration",
    "CREATE TABLE public.mine ()",
    "CREATE SCHEMA mine",
    "ALTER TABLE production_drafts ADD mine int",
    "CREATE INDEX ON production_drafts (body)",
    "TRUNCATE production_drafts",
    "CREATE TRIGGER mine BEFORE INSERT ON production_drafts "
    "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "SELECT nextval('production_drafts_id_seq')",
    "SELECT setval('production_bundle_assets_id_seq', 1)",
    "DROP TABLE production_drafts",
]


@pytest.fixture
def as_role(client: Client) -> Iterator[Callable[[str], None]]:
    """Become a role, in a transaction: roles are the server's, and other tests' too."""
    client.execute("CREATE TABLE production_assets (id int); CREATE TABLE other ()")
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1", "a"))
    client.use_transactions()
    client.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")  # before PostgreSQL 15
    client.execute(ROLES.read_text("utf-8"))

    def become(role: str) -> None:
        client.execute(f"SET LOCAL ROLE {role}")

    yield become
    client.rollback()


def refused(client: Client, call: Callable[[], Any]) -> None:
    client.execute("SAVEPOINT here")
    with pytest.raises(InsufficientPrivilege):
        call()
    client.execute("ROLLBACK TO here")


def test_a_writer_can_make_every_call(
    client: Client, as_role: Callable[[str], None]
) -> None:
    as_role("production_writer")

    for call in FETCHES:
        assert client(*call)
    for call in WRITES:
        assert client(*call) in (True, None)


def test_a_reader_can_fetch_and_write_nothing(
    client: Client, as_role: Callable[[str], None]
) -> None:
    as_role("production_reader")

    for call in FETCHES:
        assert client(*call)
    for call in WRITES:
        refused(client, lambda call=call: client(*call))  # type: ignore[misc]


@pytest.mark.parametrize("role", ["production_writer", "production_reader"])
def test_a_role_can_do_nothing_else(
    client: Client, as_role: Callable[[str], None], role: str
) -> None:
    as_role(role)

    for statement in OTHER:
        refused(client, lambda text=statement: client.execute(text))  # type: ignore[misc]
    seen = client.rows("""
        SELECT relname FROM pg_class
        WHERE relkind IN ('r', 'v', 'm', 'S') AND relnamespace = 'public'::regnamespace
        AND has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE')
    """)
    assert sorted(row["relname"] for row in seen) == sorted(TABLES)


@pytest.mark.usefixtures("as_role")
def test_a_role_has_no_other_right(client: Client) -> None:
    rights = client.rows("""
        SELECT pg_get_userbyid(acl.grantee) AS role, relname AS name, acl.privilege_type
        FROM pg_class, aclexplode(relacl) AS acl
        WHERE relnamespace = 'public'::regnamespace AND acl.grantee != relowner
    """)

    writes = ("SELECT", "INSERT", "UPDATE", "DELETE")
    assert {tuple(row.values()) for row in rights} == {
        *(("production_writer", table, right) for table in TABLES for right in writes),
        *(("production_reader", table, "SELECT") for table in TABLES),
        ("production_writer", "production_bundle_assets_id_seq", "USAGE"),
    }


def test_another_modules_role_reads_what_it_is_granted_and_nothing_else(
    client: Client, as_role: Callable[[str], None]
) -> None:
    client.execute(
        "CREATE ROLE another NOLOGIN; GRANT SELECT ON production_drafts TO another"
    )
    as_role("another")

    assert client(drafts.fetch, "draft_1") == draft()
    assert client(drafts.fetch_by_strategy, "strategy_1") == [draft()]
    for call in FETCHES[2:] + WRITES:
        refused(client, lambda call=call: client(*call))  # type: ignore[misc]
    for statement in OTHER:
        refused(client, lambda text=statement: client.execute(text))  # type: ignore[misc]


def test_a_role_that_is_granted_nothing_does_nothing(
    client: Client, as_role: Callable[[str], None]
) -> None:
    client.execute("CREATE ROLE another NOLOGIN")
    as_role("another")

    for call in FETCHES + WRITES:
        refused(client, lambda call=call: client(*call))  # type: ignore[misc]


def test_a_member_of_the_owner_migrates_and_what_it_makes_is_the_owners(
    dsn: str, observer: Observer
) -> None:
    run = uuid4().hex
    owner, migrator = f"production_owner_{run}", f"migrator_{run}"
    roles = ROLES.read_text("utf-8")
    for role in ("owner", "writer", "reader"):
        roles = roles.replace(f"production_{role}", f"production_{role}_{run}")
    observer.conn.execute(f"""
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        {roles};
        GRANT CREATE ON SCHEMA public TO {owner};
        CREATE ROLE {migrator} LOGIN IN ROLE {owner};
    """)
    as_migrator = make_conninfo(dsn, user=migrator, options=f"-crole={owner}")
    try:
        assert schema.rollback(as_migrator) == schema.apply(as_migrator) != []

        owners = observer.conn.execute("""
            SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace
        """)
        assert owners.fetchall() == [(owner,)]
    finally:
        observer.conn.execute(f"""
            DROP OWNED BY {owner}, production_writer_{run}, production_reader_{run};
            DROP ROLE {migrator}, {owner}, production_writer_{run}, production_reader_{run};
        """)
