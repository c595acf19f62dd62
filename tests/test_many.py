"""upsert_many: as if each had its upsert, all or nothing, whatever the iterable."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from types import ModuleType
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from production_sql import InvalidValueError, ProductionError, bundles, drafts

from .client import Background, Client, Observer, read
from .samples import asset, bundle, draft


class Kind(NamedTuple):
    """What is written by upsert_many: drafts, or bundles with two assets each."""

    module: ModuleType
    make: Callable[..., Any]
    field: str

    @property
    def name(self) -> str:
        return self.module.__name__.rpartition(".")[2]

    @property
    def given(self) -> list[Any]:
        return [self.make(f"{n}") for n in range(25)]

    @property
    def bad(self) -> Any:
        return self.make("bad", **{self.field: "a\0b"})

    def stored(self, client: Client) -> list[Any]:
        return read(client, self.module.stream(client.conn))


KINDS = [
    Kind(drafts, draft, "body"),
    Kind(
        bundles, lambda n, **changes: bundle(n, f"b_{n}", f"a_{n}", **changes), "draft_id"
    ),
]
DRAFTS = [draft(f"draft_{n}") for n in range(25)]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param  # type: ignore[no-any-return]


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


def test_a_replay_writes_nothing(client: Client, kind: Kind, observer: Observer) -> None:
    assert client(kind.module.upsert_many, kind.given) == 25
    before = observer.everything()

    assert client(kind.module.upsert_many, kind.given, batch_size=10) == 0

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
def test_progress_is_told_after_each_batch(client: Client, kind: Kind, size: int) -> None:
    told: list[int] = []

    written = client(
        kind.module.upsert_many, kind.given[:size], batch_size=5, on_progress=told.append
    )

    assert written == size
    assert told == [*range(5, size, 5), *([size] if size else [])]


def test_the_iterable_is_read_batch_by_batch(client: Client, kind: Kind) -> None:
    read_so_far = 0
    seen: list[int] = []

    def items() -> Iterator[Any]:
        nonlocal read_so_far
        for each in kind.given:
            read_so_far += 1
            yield each

    client(
        kind.module.upsert_many,
        items(),
        batch_size=10,
        on_progress=lambda _: seen.append(read_so_far),
    )

    assert seen == [10, 20, 25]


async def asynchronous(items: Iterable[Any]) -> AsyncGenerator[Any]:
    for each in items:
        yield each


def test_an_async_iterable_takes_an_async_connection(client: Client, kind: Kind) -> None:
    items = asynchronous(kind.given)
    if client.kind == "async":
        assert client(kind.module.upsert_many, items, batch_size=10) == 25
        return

    with pytest.raises(TypeError) as raised:
        client(kind.module.upsert_many, items)

    assert str(raised.value) == "an async iterable takes an AsyncConnection"
    client.run(items.aclose())


@pytest.mark.parametrize("is_autocommit", [True, False])
def test_a_bad_value_is_told_with_its_place_and_undoes_all_of_the_call(
    client: Client, kind: Kind, is_autocommit: bool
) -> None:
    client.set_autocommit(is_autocommit)
    client(kind.module.create, kind.make("before"))
    bad = [*kind.given[:12], kind.bad, *kind.given[13:]]

    with pytest.raises(InvalidValueError) as raised:
        client(kind.module.upsert_many, bad, batch_size=5)

    assert str(raised.value) == (
        f"{kind.name}.upsert_many: {kind.name}[12].{kind.field}: "
        "NUL at index 1, which PostgreSQL cannot store"
    )
    client(kind.module.create, kind.make("after"))
    assert kind.stored(client) == [kind.make("before"), kind.make("after")]


@pytest.mark.parametrize("is_autocommit", [True, False])
@pytest.mark.parametrize("is_bad", [True, False])
def test_in_a_pipeline_of_the_caller_it_is_all_or_nothing_too(
    client: Client, kind: Kind, is_autocommit: bool, is_bad: bool
) -> None:
    client.set_autocommit(is_autocommit)
    client(kind.module.create, kind.make("before"))
    given = [*kind.given, kind.bad] if is_bad else kind.given

    def load(conn: Any) -> Any:
        with conn.pipeline():
            return kind.module.upsert_many(conn, given, batch_size=10)

    async def load_async(conn: Any) -> Any:
        async with conn.pipeline():
            return await kind.module.upsert_many(conn, given, batch_size=10)

    declared = load if client.kind == "sync" else load_async
    if is_bad:
        with pytest.raises(InvalidValueError):
            client(declared)
    else:
        assert client(declared) == 25

    client(kind.module.create, kind.make("after"))
    loaded = [] if is_bad else kind.given
    assert kind.stored(client) == [kind.make("before"), *loaded, kind.make("after")]


@pytest.mark.parametrize("thing", [None, {}, 1, "draft", draft, asset()])
def test_what_is_none_of_them_is_told_with_its_place(
    client: Client, kind: Kind, thing: object
) -> None:
    with pytest.raises(
        InvalidValueError, match=rf"^{kind.name}\.upsert_many: {kind.name}\[2\]: Expected"
    ):
        client(kind.module.upsert_many, [*kind.given[:2], thing], batch_size=2)

    assert kind.stored(client) == []


@pytest.mark.parametrize("size", [0, -1, True, 2**31, "5", None])
def test_a_batch_size_that_is_none_is_refused(
    client: Client, kind: Kind, size: Any
) -> None:
    sent = client.watch_traffic()

    with pytest.raises(
        InvalidValueError, match=rf"^{kind.name}\.upsert_many: batch_size: Expected"
    ):
        client(kind.module.upsert_many, kind.given, batch_size=size)

    assert sent() == 0


class NoMoreError(Exception):
    pass


@pytest.mark.parametrize("is_autocommit", [True, False])
def test_what_the_iterable_raises_undoes_all_of_the_call(
    client: Client, kind: Kind, is_autocommit: bool
) -> None:
    client.set_autocommit(is_autocommit)
    client(kind.module.create, kind.make("before"))

    def items() -> Iterator[Any]:
        yield from kind.given
        raise NoMoreError

    with pytest.raises(NoMoreError):
        client(kind.module.upsert_many, items(), batch_size=5)

    assert kind.stored(client) == [kind.make("before")]


def test_in_a_transaction_it_is_the_callers_to_commit(client: Client, kind: Kind) -> None:
    client.use_transactions()

    client(kind.module.upsert_many, kind.given)
    client.rollback()

    assert kind.stored(client) == []


def test_two_loads_of_the_same_wait_for_each_other_and_do_not_deadlock(
    client: Client, kind: Kind, dsn: str, observer: Observer
) -> None:
    client.use_transactions()
    client(kind.module.upsert_many, kind.given[:10])
    with Client.connected(dsn, client.kind) as other:
        backwards = Background(
            other, lambda conn: kind.module.upsert_many(conn, kind.given[::-1])
        )
        backwards.wait_until_blocked(observer)
        client(kind.module.upsert_many, kind.given[10:])
        client.commit()

        assert backwards.finish() == 0


def test_loads_of_drafts_and_of_bundles_in_one_transaction_come_in_any_order(
    client: Client, dsn: str, observer: Observer
) -> None:
    client.use_transactions()
    client(drafts.upsert_many, DRAFTS)
    with Client.connected(dsn, client.kind) as other:
        other.use_transactions()
        waiting = Background(other, bundles.upsert_many, KINDS[1].given)
        waiting.wait_until_blocked(observer)
        client(bundles.upsert_many, KINDS[1].given)
        client.commit()

        assert waiting.finish() == 0
        assert other(drafts.upsert_many, DRAFTS) == 0


def test_what_another_session_stores_meanwhile_is_not_missed(
    client: Client, kind: Kind, dsn: str, observer: Observer
) -> None:
    with psycopg.connect(dsn) as first:
        kind.module.upsert(first, kind.make("3", **{kind.field: "theirs"}))
        waiting = Background(client, lambda conn: kind.module.upsert_many(conn, kind.given))
        waiting.wait_until_blocked(observer)
        first.commit()

        assert waiting.finish() == 25

    assert client(kind.module.fetch, "3") == kind.given[3]


def test_loads_of_other_search_paths_into_the_same_tables_wait_for_each_other(
    kind: Kind, dsn: str, observer: Observer
) -> None:
    observer.conn.execute("CREATE SCHEMA nearer")
    with Client.connected(dsn, "sync") as first, Client.connected(dsn, "sync") as second:
        first.execute("SET search_path = nearer, public")
        first.use_transactions()
        first(kind.module.upsert_many, kind.given[:1])

        waiting = Background(second, kind.module.upsert_many, kind.given[1:2])
        waiting.wait_until_blocked(observer)
        first.commit()

        assert waiting.finish() == 1


def test_a_load_is_planned_each_time(client: Client, kind: Kind) -> None:
    for _ in range(2):
        client(kind.module.upsert_many, kind.given, batch_size=2)

    names = "SELECT substring(statement FROM '/\\* (.+?) \\*/') FROM pg_prepared_statements"
    assert (f"{kind.name}.upsert_many",) not in client.execute(names)


def test_a_write_that_a_trigger_holds_back_for_ever_is_given_up(
    client: Client, kind: Kind, observer: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("production_sql.outcome._ATTEMPTS", 20)
    observer.conn.execute(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER held BEFORE INSERT ON "
        f"production_{kind.name} FOR EACH ROW EXECUTE FUNCTION nothing()"
    )

    with pytest.raises(ProductionError) as raised:
        client(kind.module.upsert_many, kind.given)

    assert str(raised.value) == (
        f"{kind.name}.upsert_many: 20 attempts in a row have written nothing: look for a "
        "trigger or a rule that holds back what is written to the production_ tables"
    )


@pytest.mark.torture
@pytest.mark.parametrize("is_autocommit", [True, False])
def test_a_load_of_a_cancelled_task_is_whole_or_not_there_and_undoes_nothing_else(
    kind: Kind, dsn: str, is_autocommit: bool
) -> None:
    async def cancel_after(turns: int) -> bool:
        conn = await psycopg.AsyncConnection.connect(dsn, autocommit=is_autocommit)
        async with conn:
            for each in ["before", *(f"{n}" for n in range(25))]:
                await kind.module.discard(conn, each)
            await conn.commit()
            await kind.module.create(conn, kind.make("before"))
            load = kind.module.upsert_many(conn, asynchronous(kind.given), batch_size=10)
            task = asyncio.create_task(load)
            for _ in range(turns):
                await asyncio.sleep(0)
            has_ended = task.done()
            task.cancel()
            await asyncio.wait([task])
            status = conn.info.transaction_status
            wanted = TransactionStatus.IDLE if is_autocommit else TransactionStatus.INTRANS
            assert status == wanted, turns
            after = kind.make("before", **{kind.field: "after"})
            await kind.module.upsert(conn, after)
            await conn.commit()
            stored = [each async for each in kind.module.stream(conn)]
            assert stored in ([after], [after, *kind.given]), turns
            return has_ended

    turns = 0
    while not asyncio.run(cancel_after(turns)):
        turns += 1 + turns // 5


def test_an_iterable_that_has_ended_is_not_asked_again(client: Client, kind: Kind) -> None:
    asked = 0

    class Once:
        def __iter__(self) -> "Once":
            return self

        def __next__(self) -> Any:
            nonlocal asked
            asked += 1
            assert asked <= 4
            if asked == 4:
                raise StopIteration
            return kind.given[asked]

    assert client(kind.module.upsert_many, Once(), batch_size=10) == 3


def test_a_load_waits_for_the_statement_of_another_thread(kind: Kind, dsn: str) -> None:
    def items() -> Iterator[Any]:
        yield from kind.given[:4]
        raise NoMoreError

    with psycopg.connect(dsn, autocommit=True) as conn, psycopg.connect(dsn) as other:
        other.execute("SELECT pg_advisory_xact_lock(1)")
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(conn.execute, "SELECT pg_advisory_lock(1)")
            while not other.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
                pass
            load = pool.submit(kind.module.upsert_many, conn, items(), batch_size=1)
            other.rollback()
            waiting.result()
            with pytest.raises(NoMoreError):
                load.result()

        assert list(kind.module.stream(conn)) == []
