"""drafts.upsert_many: as if each had its upsert, all or nothing, whatever the iterable."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from production_sql import ContentDraftDTO, InvalidValueError, ProductionError, drafts

from .client import Background, Client, Observer, read
from .samples import draft

DRAFTS = [draft(f"draft_{n}") for n in range(25)]


def test_what_is_written_is_what_upserts_one_by_one_would_write(client: Client) -> None:
    random = Random(1)
    many = [
        draft(
            f"draft_{random.randrange(20)}",
            body=random.choice(["one", "two"]),
            strategy_id=random.choice(["s", "t"]),
            metadata=random.choice([{}, {"b": 1, "a": [None]}]),
        )
        for _ in range(300)
    ]
    one_by_one = sum([client(drafts.upsert, each) for each in many])
    wanted = read(client, drafts.stream(client.conn))
    for each in wanted:
        client(drafts.discard, each.draft_id)

    assert client(drafts.upsert_many, many, batch_size=7) == one_by_one

    assert read(client, drafts.stream(client.conn)) == wanted


def test_a_replay_writes_nothing(client: Client, observer: Observer) -> None:
    assert client(drafts.upsert_many, DRAFTS) == 25
    before = observer.everything()

    assert client(drafts.upsert_many, DRAFTS, batch_size=10) == 0

    assert observer.everything() == before


def test_a_change_keeps_created_at_and_moves_updated_at(
    client: Client, observer: Observer
) -> None:
    client.use_transactions()
    client(drafts.upsert_many, DRAFTS)
    client(drafts.upsert_many, [draft(f"draft_{n}", body="other") for n in (3, 5)])
    client.commit()

    rows = {row["draft_id"]: row for row in observer.rows("production_drafts")}
    changed = {
        key
        for key, row in rows.items()
        if row["updated_at"] > rows["draft_0"]["updated_at"]
    }
    assert changed == {"draft_3", "draft_5"}
    assert {row["created_at"] for row in rows.values()} == {DRAFTS[0].created_at}


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11])
def test_progress_is_told_after_each_batch(client: Client, size: int) -> None:
    told: list[int] = []

    written = client(
        drafts.upsert_many, DRAFTS[:size], batch_size=5, on_progress=told.append
    )

    assert written == size
    assert told == [*range(5, size, 5), *([size] if size else [])]


def test_the_iterable_is_read_batch_by_batch(client: Client) -> None:
    read_so_far = 0
    seen: list[int] = []

    def items() -> Iterator[ContentDraftDTO]:
        nonlocal read_so_far
        for each in DRAFTS:
            read_so_far += 1
            yield each

    client(
        drafts.upsert_many,
        items(),
        batch_size=10,
        on_progress=lambda _: seen.append(read_so_far),
    )

    assert seen == [10, 20, 25]


async def asynchronous(items: Iterable[Any]) -> AsyncGenerator[Any]:
    for each in items:
        yield each


def test_an_async_iterable_takes_an_async_connection(client: Client) -> None:
    items = asynchronous(DRAFTS)
    if client.kind == "async":
        assert client(drafts.upsert_many, items, batch_size=10) == 25
        return

    with pytest.raises(TypeError) as raised:
        client(drafts.upsert_many, items)

    assert str(raised.value) == "an async iterable takes an AsyncConnection"
    client.run(items.aclose())


@pytest.mark.parametrize("is_autocommit", [True, False])
def test_a_bad_value_is_told_with_its_place_and_undoes_all_of_the_call(
    client: Client, observer: Observer, is_autocommit: bool
) -> None:
    client.set_autocommit(is_autocommit)
    client(drafts.create, draft("before"))
    bad: list[Any] = [*DRAFTS[:12], draft("bad", body="a\0b"), *DRAFTS[13:]]

    with pytest.raises(InvalidValueError) as raised:
        client(drafts.upsert_many, bad, batch_size=5)

    assert str(raised.value) == (
        "drafts.upsert_many: drafts[12].body: NUL at index 1, which PostgreSQL cannot store"
    )
    client(drafts.create, draft("after"))
    client.commit()
    stored = [row["draft_id"] for row in observer.rows("production_drafts")]
    assert stored == ["before", "after"]


@pytest.mark.parametrize("is_autocommit", [True, False])
@pytest.mark.parametrize("bad", [draft("bad", body="a\0b"), None])
def test_in_a_pipeline_of_the_caller_it_is_all_or_nothing_too(
    client: Client, is_autocommit: bool, bad: Any
) -> None:
    client.set_autocommit(is_autocommit)
    client(drafts.create, draft("before"))
    given = [*DRAFTS, bad] if bad else DRAFTS

    def load(conn: Any) -> Any:
        with conn.pipeline():
            return drafts.upsert_many(conn, given, batch_size=10)

    async def load_async(conn: Any) -> Any:
        async with conn.pipeline():
            return await drafts.upsert_many(conn, given, batch_size=10)

    declared = load if client.kind == "sync" else load_async
    if bad:
        with pytest.raises(InvalidValueError):
            client(declared)
    else:
        assert client(declared) == 25

    client(drafts.create, draft("after"))
    client.commit()
    stored = [each.draft_id for each in read(client, drafts.stream(client.conn))]
    assert stored == [
        "before",
        *([] if bad else [each.draft_id for each in DRAFTS]),
        "after",
    ]


@pytest.mark.parametrize("thing", [None, {}, 1, "draft", draft])
def test_what_is_no_draft_is_told_with_its_place(client: Client, thing: object) -> None:
    with pytest.raises(
        InvalidValueError, match=r"^drafts\.upsert_many: drafts\[2\]: Expected"
    ):
        client(drafts.upsert_many, [*DRAFTS[:2], thing], batch_size=2)

    assert client(drafts.fetch, "draft_0") is None


@pytest.mark.parametrize("size", [0, -1, True, 2**31, "5", None])
def test_a_batch_size_that_is_none_is_refused(client: Client, size: Any) -> None:
    sent = client.watch_traffic()

    with pytest.raises(
        InvalidValueError, match=r"^drafts\.upsert_many: batch_size: Expected"
    ):
        client(drafts.upsert_many, DRAFTS, batch_size=size)

    assert sent() == 0


class NoMoreError(Exception):
    pass


@pytest.mark.parametrize("is_autocommit", [True, False])
def test_what_the_iterable_raises_undoes_all_of_the_call(
    client: Client, is_autocommit: bool
) -> None:
    client.set_autocommit(is_autocommit)
    client(drafts.create, draft("before"))

    def items() -> Iterator[ContentDraftDTO]:
        yield from DRAFTS
        raise NoMoreError

    with pytest.raises(NoMoreError):
        client(drafts.upsert_many, items(), batch_size=5)

    assert read(client, drafts.stream(client.conn)) == [draft("before")]


def test_in_a_transaction_it_is_the_callers_to_commit(
    client: Client, observer: Observer
) -> None:
    client.use_transactions()

    client(drafts.upsert_many, DRAFTS)
    client.rollback()

    assert observer.rows("production_drafts") == []


def test_two_loads_of_the_same_drafts_wait_for_each_other_and_do_not_deadlock(
    client: Client, dsn: str, observer: Observer
) -> None:
    client.use_transactions()
    client(drafts.upsert_many, DRAFTS[:10])
    with Client.connected(dsn, client.kind) as other:
        backwards = Background(other, lambda conn: drafts.upsert_many(conn, DRAFTS[::-1]))
        backwards.wait_until_blocked(observer)
        client(drafts.upsert_many, DRAFTS[10:])
        client.commit()

        assert backwards.finish() == 0


def test_a_draft_that_another_session_stores_meanwhile_is_not_missed(
    client: Client, dsn: str, observer: Observer
) -> None:
    with psycopg.connect(dsn) as first:
        drafts.upsert(first, draft("draft_3", body="theirs"))
        waiting = Background(client, lambda conn: drafts.upsert_many(conn, DRAFTS))
        waiting.wait_until_blocked(observer)
        first.commit()

        assert waiting.finish() == 25

    assert client(drafts.fetch, "draft_3").body == DRAFTS[3].body


def test_a_write_that_a_trigger_holds_back_for_ever_is_given_up(
    client: Client, observer: Observer
) -> None:
    observer.conn.execute(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER held BEFORE INSERT ON "
        "production_drafts FOR EACH ROW EXECUTE FUNCTION nothing()"
    )

    with pytest.raises(ProductionError) as raised:
        client(drafts.upsert_many, DRAFTS)

    assert str(raised.value) == (
        "drafts.upsert_many: 1000 attempts in a row have written nothing: look for a "
        "trigger or a rule that holds back what is written to the production_ tables"
    )


@pytest.mark.parametrize("is_autocommit", [True, False])
def test_a_load_of_a_cancelled_task_is_whole_or_not_there_and_undoes_nothing_else(
    dsn: str, is_autocommit: bool
) -> None:
    async def cancel_after(turns: int) -> bool:
        conn = await psycopg.AsyncConnection.connect(dsn, autocommit=is_autocommit)
        async with conn:
            await drafts.discard(conn, "before")
            for each in DRAFTS:
                await drafts.discard(conn, each.draft_id)
            await conn.commit()
            await drafts.create(conn, draft("before"))
            load = drafts.upsert_many(conn, asynchronous(DRAFTS), batch_size=10)
            task = asyncio.create_task(load)
            for _ in range(turns):
                await asyncio.sleep(0)
            has_ended = task.done()
            task.cancel()
            await asyncio.wait([task])
            status = conn.info.transaction_status
            wanted = TransactionStatus.IDLE if is_autocommit else TransactionStatus.INTRANS
            assert status == wanted, turns
            await drafts.upsert(conn, draft("before", body="after"))
            await conn.commit()
            stored = {each.draft_id async for each in drafts.stream(conn)}
            assert len(stored) in (1, 26), turns
            assert "before" in stored, turns
            return has_ended

    turns = 0
    while not asyncio.run(cancel_after(turns)):
        turns += 1 + turns // 10


def test_an_iterable_that_has_ended_is_not_asked_again(client: Client) -> None:
    asked = 0

    class Once:
        def __iter__(self) -> "Once":
            return self

        def __next__(self) -> ContentDraftDTO:
            nonlocal asked
            asked += 1
            assert asked <= 4
            if asked == 4:
                raise StopIteration
            return DRAFTS[asked]

    assert client(drafts.upsert_many, Once(), batch_size=10) == 3


def test_a_load_waits_for_the_statement_of_another_thread(dsn: str) -> None:
    def items() -> Iterator[ContentDraftDTO]:
        yield from DRAFTS[:4]
        raise NoMoreError

    with psycopg.connect(dsn, autocommit=True) as conn, psycopg.connect(dsn) as other:
        other.execute("SELECT pg_advisory_xact_lock(1)")
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(conn.execute, "SELECT pg_advisory_lock(1)")
            while not other.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
                pass
            load = pool.submit(drafts.upsert_many, conn, items(), batch_size=1)
            other.rollback()
            waiting.result()
            with pytest.raises(NoMoreError):
                load.result()

        assert list(drafts.stream(conn)) == []
