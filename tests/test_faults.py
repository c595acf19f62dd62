"""Whatever happens to a call, all of it is there or none, and it can be made again."""

import asyncio
import signal
from threading import Thread, main_thread
from typing import Any

import psycopg
import pytest

from production_sql import ProductionError, assets, bundles, drafts

from .client import Background, Client, Observer, done
from .proxy import Side, proxy
from .samples import asset, bundle, draft

Call = tuple[Any, ...]

# Each with what of it is seen at the end, however often it was made.
WRITES: list[Call] = [
    (drafts.create, draft("draft_2")),
    (drafts.upsert, draft("draft_2")),
    (drafts.upsert, draft(body="Changed")),
    (drafts.discard, "draft_1"),
    (bundles.create, bundle("bundle_2", "b", "c")),
    (bundles.upsert, bundle("bundle_2", "b", "c")),
    (bundles.upsert, bundle("bundle_1", "c", "a", draft_id="draft_2")),
    (bundles.discard, "bundle_1"),
    (assets.create, "bundle_1", asset("b")),
    (assets.upsert, "bundle_1", asset("a", url="changed")),
]


def name(call: object) -> str:
    return call[0].name if isinstance(call, tuple) else ""


@pytest.fixture(autouse=True)
def store(observer: Observer) -> None:
    restore(observer)


def restore(observer: Observer) -> None:
    for draft_id in ("draft_1", "draft_2"):
        drafts.discard(observer.conn, draft_id)
    drafts.create(observer.conn, draft())
    bundles.create(observer.conn, bundle("bundle_1", "a"))


def content(observer: Observer) -> list[Any]:
    fetched: list[Any] = [drafts.fetch(observer.conn, f"draft_{n}") for n in (1, 2)]
    fetched += [bundles.fetch(observer.conn, f"bundle_{n}") for n in (1, 2)]
    return [*fetched, *(assets.fetch(observer.conn, key) for key in "abc")]


def whole(observer: Observer, call: Call) -> list[Any]:
    """What is stored after the call."""
    declared, *args = call
    declared(observer.conn, *args)
    found = content(observer)
    restore(observer)
    return found


def make_again(observer: Observer, call: Call) -> None:
    declared, *args = call
    try:
        declared(observer.conn, *args)
    except ProductionError:
        assert declared.__name__ == "create"


@pytest.mark.torture
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("in_transaction", [True, False], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("side", ["client", "server"])
def test_a_connection_that_is_cut_leaves_all_of_a_call_or_none(
    dsn: str, observer: Observer, kind: str, in_transaction: bool, side: Side
) -> None:
    before = content(observer)
    for call in WRITES:
        after = whole(observer, call)
        is_cut, messages = True, 0
        while is_cut:
            with proxy(dsn) as way, Client.connected(way.dsn, kind) as client:
                pid = client.conn.info.backend_pid
                if in_transaction:
                    client.use_transactions()
                way.cut_after(side, messages)
                done["faults"] += 1
                try:
                    client(*call)
                    client.commit()
                    is_cut = False
                except psycopg.OperationalError:
                    assert client.conn.broken
            observer.wait_until_gone(pid)

            found = content(observer)
            assert found in ((before, after) if is_cut else (after,)), (call, messages)
            make_again(observer, call)
            assert content(observer) == after, (call, messages)
            restore(observer)
            messages += 1
        assert messages > 4


FAULTS: dict[str, tuple[type[psycopg.Error], str]] = {
    "cancel": (psycopg.errors.QueryCanceled, "SELECT pg_cancel_backend(pid)"),
    "terminate": (psycopg.OperationalError, "SELECT pg_terminate_backend(pid)"),
}
TIMEOUTS: dict[str, type[psycopg.Error]] = {
    "lock_timeout": psycopg.errors.LockNotAvailable,
    "statement_timeout": psycopg.errors.QueryCanceled,
}


@pytest.mark.torture
@pytest.mark.parametrize("in_transaction", [True, False], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("fault", [*FAULTS, *TIMEOUTS])
def test_a_call_that_is_stopped_while_it_waits_leaves_nothing(
    client: Client, observer: Observer, fault: str, in_transaction: bool
) -> None:
    before = content(observer)
    for call in WRITES:
        after = whole(observer, call)
        if client.conn.closed:
            client.conn = client.connect(autocommit=True)
        client.set_autocommit(not in_transaction)
        with psycopg.connect(client.dsn) as blocker:
            blocker.execute(
                "LOCK TABLE production_drafts, production_bundles IN SHARE MODE"
            )
            if fault in TIMEOUTS:
                # Of the call, which waits for the blocker; never of the COMMIT here.
                client.execute(f"SET {fault} = '250ms'")
                done["faults"] += 1
                client.commit()
                with pytest.raises(TIMEOUTS[fault]):
                    client(*call)
                client.rollback()
                client.execute(f"RESET {fault}")
                client.commit()
            else:
                error, action = FAULTS[fault]
                statement = f"{action} FROM pg_stat_activity WHERE application_name = %s"
                blocked = Background(client, *call).wait_until_blocked(observer)
                observer.conn.execute(statement, [client.name])
                done["faults"] += 1
                with pytest.raises(error):
                    blocked.finish()
                assert client.conn.broken is (fault == "terminate")

        assert content(observer) == before
        if not client.conn.closed:
            client.rollback()
            client(*call)
            client.commit()
            assert content(observer) == after
        restore(observer)


@pytest.mark.parametrize("busy_time", [pytest.param(0, marks=pytest.mark.torture), 10])
@pytest.mark.parametrize("in_transaction", [True, False], ids=["transaction", "autocommit"])
@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(WRITES[5:6], id="one"),
        pytest.param(WRITES, id="all", marks=pytest.mark.torture),
    ],
)
def test_a_call_of_a_cancelled_task_is_whole_or_not_there_and_undoes_nothing_else(
    dsn: str,
    observer: Observer,
    monkeypatch: pytest.MonkeyPatch,
    calls: list[Call],
    in_transaction: bool,
    busy_time: float,
) -> None:
    before = content(observer)

    async def cancel_after(turns: int, call: Call, after: list[Any]) -> bool:
        declared, *args = call
        async with await psycopg.AsyncConnection.connect(dsn) as conn:
            await conn.set_autocommit(not in_transaction)
            if in_transaction:
                await drafts.upsert(conn, draft("draft_3"))
                await conn.execute("SAVEPOINT production_sql")
                await drafts.upsert(conn, draft("draft_4"))
            # With 0, psycopg yields to the loop even as it enters a pipeline.
            monkeypatch.setattr("psycopg.waiting.MAX_BUSY_TIME", busy_time, raising=False)
            task = asyncio.create_task(declared(conn, *args))
            for _ in range(turns):
                await asyncio.sleep(0)
            has_ended = task.done()
            task.cancel()
            done["faults"] += 1
            await asyncio.wait([task])

            assert conn.pgconn.pipeline_status == 0, (call, turns)
            state = conn.info.transaction_status.name
            if in_transaction and state == "INERROR":
                # As with any statement.
                await conn.execute("ROLLBACK TO production_sql")
            elif in_transaction:
                assert state == "INTRANS"
                assert await drafts.fetch(conn, "draft_4") is not None
                await drafts.discard(conn, "draft_4")
            else:
                assert state == "IDLE"
            if in_transaction:
                assert await drafts.discard(conn, "draft_3")
        found = content(observer)
        assert found in ((after,) if has_ended else (before, after)), (call, turns)
        restore(observer)
        return has_ended

    for call in calls:
        after, turns = whole(observer, call), 0
        while not asyncio.run(cancel_after(turns, call, after)):
            turns += 1 + turns // 25  # of the many in which the server is at work, some


def test_a_call_that_is_cancelled_twice_closes_the_connection_and_leaves_nothing(
    dsn: str, observer: Observer
) -> None:
    before = content(observer)

    async def cancel_twice() -> None:
        options: dict[str, Any] = {"application_name": "cancelled"}
        async with await psycopg.AsyncConnection.connect(dsn, **options) as conn:
            await drafts.upsert(conn, draft("draft_2"))
            task = asyncio.create_task(bundles.upsert(conn, bundle("bundle_2")))
            await asyncio.to_thread(observer.wait_until_blocked, "cancelled", task.done)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

            assert task.cancelled()
            assert conn.closed
            with pytest.raises(psycopg.OperationalError, match="the connection is closed"):
                await drafts.fetch(conn, "draft_2")

    with psycopg.connect(dsn) as blocker:
        blocker.execute("LOCK TABLE production_bundles")
        asyncio.run(cancel_twice())
    assert content(observer) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, TimeoutError])
def test_a_call_that_is_interrupted_closes_the_connection_and_leaves_nothing(
    dsn: str, observer: Observer, error: type[BaseException]
) -> None:
    before = content(observer)

    def interrupt(*_: object) -> None:
        raise error

    previous = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with psycopg.connect(dsn) as blocker:
            blocker.execute("LOCK TABLE production_bundles")
            conn = psycopg.connect(dsn, application_name="interrupted")
            drafts.upsert(conn, draft("draft_2"))

            def watch() -> None:
                observer.wait_until_blocked("interrupted", lambda: False)
                signal.pthread_kill(main_thread().ident or 0, signal.SIGUSR1)

            watching = Thread(target=watch)
            watching.start()
            # psycopg may put an error of its own in front.
            with pytest.raises((error, psycopg.OperationalError)):
                bundles.upsert(conn, bundle("bundle_2"))
            watching.join()
    finally:
        signal.signal(signal.SIGUSR1, previous)

    assert conn.closed
    assert content(observer) == before


@pytest.mark.parametrize("in_transaction", [True, False], ids=["transaction", "autocommit"])
def test_a_cancelled_task_does_not_wait_for_what_its_call_waits_for(
    dsn: str, observer: Observer, in_transaction: bool
) -> None:
    async def cancel() -> None:
        options: dict[str, Any] = {"application_name": "cancelled"}
        async with await psycopg.AsyncConnection.connect(dsn, **options) as conn:
            await conn.set_autocommit(not in_transaction)
            if in_transaction:
                await drafts.upsert(conn, draft("draft_3"))
            task = asyncio.create_task(
                bundles.upsert(conn, bundle("bundle_1", "c")),
            )
            await asyncio.to_thread(observer.wait_until_blocked, "cancelled", task.done)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=2)

            assert done
            assert task.cancelled()
            assert not conn.closed
            assert (await drafts.fetch(conn, "draft_3") is not None) is in_transaction

    with psycopg.connect(dsn) as blocker:
        blocker.execute("SELECT FROM production_bundles FOR UPDATE")
        asyncio.run(cancel())
    assert bundles.fetch(observer.conn, "bundle_1") == bundle("bundle_1", "a")
