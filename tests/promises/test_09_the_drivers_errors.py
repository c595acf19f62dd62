"""The driver's errors pass through unchanged."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from production_sql import ProductionError, assets, bundles, drafts

from ..client import Client, Observer
from ..samples import asset, bundle, draft

CALLS: list[tuple[Any, ...]] = [
    (drafts.create, draft()),
    (drafts.upsert, draft()),
    (drafts.fetch, "draft_1"),
    (drafts.fetch_by_strategy, "strategy_1"),
    (drafts.discard, "draft_1"),
    (bundles.create, bundle("bundle_1", "asset_1")),
    (bundles.upsert, bundle("bundle_1", "asset_1")),
    (bundles.fetch, "bundle_1"),
    (bundles.fetch_by_draft, "draft_1"),
    (bundles.discard, "bundle_1"),
    (assets.create, "bundle_1", asset("asset_1")),
    (assets.upsert, "bundle_1", asset("asset_1")),
    (assets.fetch, "asset_1"),
    (assets.fetch_by_bundle, "bundle_1"),
]


@pytest.mark.parametrize("in_transaction", [True, False])
def test_a_missing_table_is_the_drivers_error(client: Client, in_transaction: bool) -> None:
    client.execute("CREATE SCHEMA empty; SET search_path = empty")
    if in_transaction:
        client.use_transactions()
    for call in CALLS:
        if in_transaction:
            client.execute("SELECT 1")

        with pytest.raises(psycopg.errors.UndefinedTable) as raised:
            client(*call)

        assert not isinstance(raised.value, ProductionError)
        assert raised.value.__cause__ is None
        client.rollback()


@pytest.mark.parametrize(
    "call",
    [
        (drafts.upsert, draft(body="Changed")),
        (drafts.discard, "draft_1"),
        (bundles.upsert, bundle("bundle_1", "asset_2")),
        (bundles.discard, "bundle_1"),
        (assets.upsert, "bundle_1", asset("asset_1", url="changed")),
    ],
    ids=lambda call: call[0].name,
)
def test_a_lock_timeout_is_the_drivers_error_and_nothing_is_written(
    client: Client, observer: Observer, call: tuple[Any, ...]
) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1", "asset_1"))
    with observer.conn.transaction():
        for table in ("drafts", "bundles"):
            observer.conn.execute(f"SELECT FROM production_{table} FOR UPDATE")
        client.execute("SET lock_timeout = '1ms'")

        with pytest.raises(psycopg.errors.LockNotAvailable):
            client(*call)

    client.execute("RESET lock_timeout")
    assert client(drafts.fetch, "draft_1") == draft()
    assert client(bundles.fetch, "bundle_1") == bundle("bundle_1", "asset_1")


def test_a_closed_connection_is_the_drivers_error(client: Client) -> None:
    client.run(client.conn.close())

    for call in CALLS:
        with pytest.raises(psycopg.OperationalError, match="the connection is closed"):
            client(*call)


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_serialization_failure_is_the_drivers_error(
    client: Client, observer: Observer, isolation: str
) -> None:
    client(bundles.create, bundle("bundle_1", "asset_1"))
    client.use_transactions()
    client.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
    client.execute("SELECT FROM production_bundles")
    bundles.upsert(observer.conn, bundle("bundle_1", "asset_2"))

    with pytest.raises(psycopg.errors.SerializationFailure):
        client(bundles.upsert, bundle("bundle_1", "asset_3"))

    client.rollback()
    assert client(bundles.fetch, "bundle_1") == bundle("bundle_1", "asset_2")


@pytest.mark.parametrize(
    ("call", "meanwhile"),
    [
        ((drafts.upsert, draft(body="Changed")), (drafts.discard, "draft_1")),
        ((drafts.upsert, draft("draft_2")), (drafts.create, draft("draft_2"))),
        ((bundles.upsert, bundle("bundle_1", "a")), (bundles.discard, "bundle_1")),
        ((bundles.upsert, bundle("bundle_2")), (bundles.create, bundle("bundle_2"))),
        ((bundles.create, bundle("bundle_2")), (bundles.create, bundle("bundle_2"))),
        ((bundles.discard, "bundle_1"), (bundles.discard, "bundle_1")),
        ((drafts.discard, "draft_1"), (bundles.discard, "bundle_1")),
        ((assets.create, "bundle_1", asset("a")), (bundles.discard, "bundle_1")),
        ((assets.upsert, "bundle_1", asset("a")), (bundles.discard, "bundle_1")),
    ],
    ids=lambda call: call[0].name,
)
def test_what_a_snapshot_cannot_show_is_a_serialization_failure(
    client: Client, observer: Observer, call: tuple[Any, ...], meanwhile: tuple[Any, ...]
) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1"))
    client.use_transactions()
    client.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    client.execute("SELECT FROM production_drafts")
    declared, *args = meanwhile
    declared(observer.conn, *args)

    with pytest.raises(psycopg.errors.SerializationFailure):
        client(*call)


def test_a_write_that_a_trigger_holds_back_for_ever_is_given_up(
    client: Client, observer: Observer
) -> None:
    client(bundles.create, bundle("bundle_1"))
    observer.conn.execute("""
        CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER hold_back BEFORE UPDATE ON production_bundles
        FOR EACH ROW EXECUTE FUNCTION hold_back()
    """)

    with pytest.raises(ProductionError) as raised:
        client(bundles.upsert, bundle("bundle_1", "a"))

    assert str(raised.value) == (
        "bundles.upsert: 1000 attempts in a row have written nothing: look for a trigger "
        "or a rule that holds back what is written to the production_ tables"
    )
    assert client(bundles.fetch, "bundle_1") == bundle("bundle_1")


def test_a_race_for_an_asset_that_a_snapshot_cannot_show_ends_with_the_drivers_error(
    client: Client, observer: Observer
) -> None:
    client.use_transactions()
    client.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    client(drafts.create, draft())
    bundles.create(observer.conn, bundle("bundle_1", "asset_1"))

    with pytest.raises(psycopg.errors.UniqueViolation):
        client(bundles.create, bundle("bundle_2", "asset_1"))

    assert client(drafts.fetch, "draft_1") == draft()


@pytest.mark.parametrize("declared", [bundles.create, bundles.upsert])
def test_an_error_of_the_callers_pipeline_is_not_taken_for_one_of_ours(
    client: Client, observer: Observer, declared: Any
) -> None:
    client.execute("CREATE TABLE mine (x int PRIMARY KEY); INSERT INTO mine VALUES (1)")
    duplicate = "INSERT INTO mine VALUES (1)"

    async def in_pipeline() -> None:
        async with client.conn.pipeline():
            await client.conn.execute(duplicate)
            await declared(client.conn, bundle("bundle_1", "asset_1"))

    def call(conn: Any) -> Any:
        if client.kind == "async":
            return in_pipeline()
        with conn.pipeline():
            conn.execute(duplicate)
            return declared(conn, bundle("bundle_1", "asset_1"))

    with pytest.raises(psycopg.errors.UniqueViolation, match="mine_pkey"):
        client(call)

    assert observer.rows("production_bundles") == []


@pytest.mark.parametrize("write", [bundles.create, bundles.upsert])
@pytest.mark.parametrize("losses", [9, 10])
def test_a_race_whose_winner_is_gone_each_time_is_run_ten_times(
    client: Client, observer: Observer, write: Callable[..., Any], losses: int
) -> None:
    # A sequence counts on although the rest is undone.
    observer.conn.execute(f"""
        CREATE SEQUENCE attempts;
        CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('attempts') <= {losses} THEN
                RAISE unique_violation;
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER lose BEFORE INSERT ON production_bundle_assets
        FOR EACH ROW EXECUTE FUNCTION lose()
    """)

    if losses < 10:
        assert client(write, bundle("bundle_1", "a")) in (True, None)
        return
    with pytest.raises(psycopg.errors.UniqueViolation):
        client(write, bundle("bundle_1", "a"))
    assert observer.rows("production_bundles") == []
