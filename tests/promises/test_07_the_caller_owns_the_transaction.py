"""Without autocommit nothing commits; in autocommit each call is atomic."""

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from production_sql import (
    AlreadyExistsError,
    AssetConflictError,
    InvalidValueError,
    NotFoundError,
    ProductionError,
    assets,
    bundles,
    drafts,
)

from ..client import Background, Client, Observer
from ..samples import asset, bundle, draft

Call = tuple[Any, ...]

CALLS: list[Call] = [
    (drafts.create, draft("draft_2")),
    (drafts.upsert, draft("draft_2")),
    (drafts.upsert, draft(body="Changed")),
    (drafts.upsert, draft()),
    (drafts.fetch, "draft_1"),
    (drafts.fetch_by_strategy, "strategy_1"),
    (drafts.discard, "draft_1"),
    (bundles.create, bundle("bundle_2", "asset_2")),
    (bundles.upsert, bundle("bundle_2", "asset_2")),
    (bundles.upsert, bundle("bundle_1", "asset_2")),
    (bundles.upsert, bundle("bundle_1", "asset_1")),
    (bundles.fetch, "bundle_1"),
    (bundles.fetch_by_draft, "draft_1"),
    (bundles.upsert_many, [bundle("bundle_2"), bundle("bundle_1", "asset_2")]),
    (bundles.discard, "bundle_1"),
    (assets.create, "bundle_1", asset("asset_2")),
    (assets.upsert, "bundle_1", asset("asset_2")),
    (assets.upsert, "bundle_1", asset("asset_1")),
    (assets.fetch, "asset_1"),
    (assets.fetch_by_bundle, "bundle_1"),
]
REFUSED: list[tuple[type[ProductionError], Call]] = [
    (AlreadyExistsError, (drafts.create, draft())),
    (AlreadyExistsError, (bundles.create, bundle("bundle_1", "asset_2"))),
    (AlreadyExistsError, (assets.create, "bundle_1", asset("asset_1"))),
    (AssetConflictError, (bundles.create, bundle("bundle_2", "asset_2", "asset_1"))),
    (AssetConflictError, (bundles.upsert, bundle("bundle_2", "asset_2", "asset_1"))),
    (
        AssetConflictError,
        (bundles.upsert_many, [bundle("bundle_2", "a"), bundle("bundle_3", "asset_1")]),
    ),
    (AssetConflictError, (assets.create, "bundle_0", asset("asset_1"))),
    (AssetConflictError, (assets.upsert, "bundle_0", asset("asset_1"))),
    (NotFoundError, (assets.create, "nothing", asset("asset_2"))),
    (NotFoundError, (assets.upsert, "nothing", asset("asset_2"))),
    (InvalidValueError, (drafts.upsert, draft(body="\0"))),
    (InvalidValueError, (bundles.upsert, bundle("bundle_1", "asset_1", "asset_1"))),
]


def name(call: object) -> str:
    return call[0].name if isinstance(call, tuple) else ""


@pytest.fixture(autouse=True)
def store(client: Client) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_0"))
    client(bundles.create, bundle("bundle_1", "asset_1"))


def content(observer: Observer) -> list[list[Any]]:
    """What is stored, without what a lock or a rolled back version leaves behind."""
    return [
        [{k: v for k, v in row.items() if k not in ("xmax", "ctid")} for row in rows]
        for rows in observer.everything().values()
    ]


def test_no_call_commits_or_leaves_the_transaction(
    client: Client, observer: Observer
) -> None:
    before = content(observer)
    client.use_transactions()

    for call in CALLS:
        client(*call)

        assert client.conn.info.transaction_status == TransactionStatus.INTRANS, call
        assert content(observer) == before, call
        client.rollback()
        assert content(observer) == before, call


@pytest.mark.parametrize("call", CALLS, ids=name)
def test_in_autocommit_a_call_is_committed_when_it_returns(
    client: Client, observer: Observer, call: Call
) -> None:
    before = content(observer)

    result = client(*call)

    assert client.conn.info.transaction_status == TransactionStatus.IDLE
    writes = result in (True, 2) or call[0].name.endswith(".create")
    assert (content(observer) != before) is writes


def test_a_call_in_a_transaction_block_commits_with_it(
    client: Client, observer: Observer
) -> None:
    before = content(observer)

    async def in_block(call: Call) -> None:
        async with client.conn.transaction(force_rollback=True):
            await call[0](client.conn, *call[1:])

    for call in CALLS:
        if client.kind == "async":
            client.run(in_block(call))
        else:
            with client.conn.transaction(force_rollback=True):
                client(*call)

        assert content(observer) == before, call


def test_no_savepoint_is_left_in_the_transaction(client: Client) -> None:
    client.use_transactions()
    for call in CALLS:
        client.execute("SELECT 1")

        client(*call)

        with pytest.raises(psycopg.errors.InvalidSavepointSpecification):
            client.execute("ROLLBACK TO SAVEPOINT production_sql")
        client.rollback()


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
def test_after_an_error_of_ours_the_transaction_goes_on_without_a_trace_of_the_call(
    client: Client, observer: Observer, is_first: bool
) -> None:
    client.use_transactions()
    for number, (error, call) in enumerate(REFUSED):
        drafts_before, *others_before = content(observer)
        if not is_first:
            client(drafts.create, draft(f"before_{number}"))

        with pytest.raises(error):
            client(*call)

        client(drafts.create, draft(f"after_{number}"))
        client.commit()
        drafts_after, *others_after = content(observer)
        assert others_after == others_before, call
        added = [row["draft_id"] for row in drafts_after[len(drafts_before) :]]
        expected = [f"before_{number}", f"after_{number}"]
        assert added == expected[1 if is_first else 0 :], call


def test_in_autocommit_an_error_of_ours_leaves_nothing(
    client: Client, observer: Observer
) -> None:
    before = content(observer)
    for error, call in REFUSED:
        with pytest.raises(error):
            client(*call)

        assert client.conn.info.transaction_status == TransactionStatus.IDLE, call
        assert content(observer) == before, call


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_race_lost_as_the_first_of_a_transaction_leaves_nothing(
    client: Client, observer: Observer, autocommit: bool
) -> None:
    client.use_transactions()
    client(assets.create, "bundle_0", asset("asset_2"))
    with Client.connected(client.dsn, client.kind) as second:
        if not autocommit:
            second.use_transactions()
        wanted = bundle("bundle_2", "asset_3", "asset_2")
        blocked = Background(second, bundles.upsert, wanted).wait_until_blocked(observer)
        client.commit()
        before = content(observer)

        with pytest.raises(AssetConflictError):
            blocked.finish()

        second(drafts.fetch, "draft_1")
        second.commit()
    assert content(observer) == before


def test_calls_take_part_in_a_pipeline_of_the_caller(client: Client) -> None:
    calls: list[Call] = [
        (drafts.upsert, draft("draft_2")),
        (bundles.upsert, bundle("bundle_2", "asset_2")),
        (bundles.upsert, bundle("bundle_2", "asset_2")),
        (bundles.fetch, "bundle_2"),
    ]

    async def in_pipeline() -> list[Any]:
        async with client.conn.pipeline(), client.conn.transaction():
            return [await call[0](client.conn, *call[1:]) for call in calls]

    if client.kind == "async":
        results = client.run(in_pipeline())
    else:
        with client.conn.pipeline(), client.conn.transaction():
            results = [client(*call) for call in calls]

    assert results == [True, True, False, bundle("bundle_2", "asset_2")]
    assert client(bundles.fetch, "bundle_2") == bundle("bundle_2", "asset_2")


def test_a_call_in_a_failed_transaction_gives_the_drivers_error(client: Client) -> None:
    client.use_transactions()
    with pytest.raises(psycopg.errors.UndefinedTable):
        client.execute("SELECT FROM nothing")

    for call in CALLS:
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            client(*call)

    client.rollback()
    assert client(drafts.fetch, "draft_1") == draft()


def test_a_race_lost_beside_a_statement_of_another_task_leaves_the_transaction_usable(
    dsn: str, observer: Observer
) -> None:
    async def share() -> None:
        async with (
            await psycopg.AsyncConnection.connect(dsn, application_name="one") as conn,
            await psycopg.AsyncConnection.connect(dsn) as other,
        ):

            async def wait_until_blocked(task: asyncio.Task[Any]) -> None:
                await asyncio.to_thread(observer.wait_until_blocked, "one", task.done)

            await bundles.create(other, bundle("bundle_8", "asset_8"))
            await other.execute("SELECT pg_advisory_lock(8)")
            await drafts.create(conn, draft("before"))
            waits = asyncio.create_task(conn.execute("SELECT pg_advisory_xact_lock(8)"))
            await wait_until_blocked(waits)
            loses = asyncio.create_task(bundles.create(conn, bundle("bundle_9", "asset_8")))
            await asyncio.sleep(0)  # it has begun, and waits for the other task
            await other.execute("SELECT pg_advisory_unlock(8)")
            await waits
            await wait_until_blocked(loses)
            await other.commit()
            with pytest.raises(AssetConflictError):
                await loses

            await drafts.create(conn, draft("after"))

    asyncio.run(share())

    rows = observer.rows("production_drafts")
    assert [row["draft_id"] for row in rows][1:] == ["before", "after"]


@pytest.mark.parametrize("prepare_threshold", [0, 3, 5])
def test_a_call_that_is_stopped_as_it_is_prepared_can_be_made_again(
    client: Client, observer: Observer, prepare_threshold: int
) -> None:
    client.conn.prepare_threshold = prepare_threshold
    client.use_transactions()
    for n in range(7):
        assert client(bundles.upsert, bundle("bundle_1", f"asset_{n}")) is True
        client.commit()
        with observer.conn.transaction():
            observer.conn.execute("LOCK TABLE production_bundles")
            client.execute("SET LOCAL lock_timeout = '1ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                client(bundles.upsert, bundle("bundle_1"))
        client.commit()

    assert client(bundles.fetch, "bundle_1") == bundle("bundle_1", "asset_6")


@pytest.mark.parametrize("prepare_threshold", [0, 5])
def test_a_call_that_undoes_itself_does_so_however_often(
    client: Client, observer: Observer, prepare_threshold: int
) -> None:
    # Each statement is prepared at some time, and within a pipeline that fails.
    observer.conn.execute("ALTER TABLE production_bundle_assets ADD CHECK (url != 'bad')")
    client.conn.prepare_threshold = prepare_threshold
    client.use_transactions()
    client(drafts.create, draft("before"))
    bad = bundle(assets=[asset("asset_2", url="bad")])

    for _ in range(12):
        with pytest.raises(psycopg.errors.CheckViolation):
            client(bundles.upsert, bad)
        client.execute("SAVEPOINT here")
        with pytest.raises(psycopg.errors.InvalidSavepointSpecification):
            client.execute("RELEASE production_sql")
        client.execute("ROLLBACK TO here")
        assert client(bundles.upsert, bundle("bundle_1", "asset_1")) is False

    client.commit()
    assert client(drafts.fetch, "before") == draft("before")


def test_calls_take_part_in_a_pipeline_of_the_caller_in_autocommit(client: Client) -> None:
    given = bundle("bundle_2", "asset_2")

    async def in_pipeline() -> list[Any]:
        async with client.conn.pipeline():
            return [
                await bundles.upsert(client.conn, given),
                await bundles.upsert(client.conn, given),
                await bundles.create(client.conn, bundle("bundle_3")),
            ]

    def call(conn: Any) -> Any:
        if client.kind == "async":
            return in_pipeline()
        with conn.pipeline():
            calls = [(bundles.upsert, given)] * 2 + [(bundles.create, bundle("bundle_3"))]
            return [declared(conn, value) for declared, value in calls]

    assert client(call) == [True, False, None]
    assert client(bundles.fetch, "bundle_2") == given
