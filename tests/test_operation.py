"""Operations of several statements, declared once for both kinds of connection."""

import pkgutil

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from production_sql.errors import QueryError
from production_sql.operation import operation

from .blog import posts
from .client import Client, Observer
from .test_runner import post


@pytest.fixture(autouse=True)
def blog(client: Client) -> None:
    client(posts.create_table)


def post_ids(observer: Observer) -> list[int]:
    return [each.post_id for each in posts.fetch_all(observer.conn)]


def test_what_is_declared_an_operation_has_to_return_steps() -> None:
    def store() -> int:
        return 1

    with pytest.raises(QueryError) as raised:
        operation(store)  # type: ignore[arg-type]

    assert str(raised.value) == "test_operation.store: the function does not return Steps"


def test_the_results_come_in_the_order_of_the_statements(client: Client) -> None:
    client(posts.insert, post(2))

    assert client(posts.insert_two, post(1), post(2)) == (True, False)


@pytest.mark.parametrize("autocommit", [True, False])
def test_statements_that_belong_together_are_one_round_trip(
    client: Client, autocommit: bool
) -> None:
    if not autocommit:
        client.use_transactions()
        client.execute("SELECT 1")
    round_trips = client.watch_round_trips()

    client(posts.insert_two, post(1), post(2))

    assert round_trips() == 1


def test_in_autocommit_they_are_a_transaction(client: Client, observer: Observer) -> None:
    assert client(posts.insert_two, post(1), post(2)) == (True, True)

    assert client.conn.info.transaction_status == TransactionStatus.IDLE
    assert post_ids(observer) == [1, 2]


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
def test_without_autocommit_they_do_not_commit(
    client: Client, observer: Observer, is_first: bool
) -> None:
    client.use_transactions()
    if not is_first:
        client(posts.insert, post(0))

    client(posts.insert_two, post(1), post(2))

    assert client.conn.info.transaction_status == TransactionStatus.INTRANS
    assert post_ids(observer) == []
    client.commit()
    assert post_ids(observer) == ([1, 2] if is_first else [0, 1, 2])


def break_check(observer: Observer) -> None:
    observer.conn.execute("ALTER TABLE posts ADD CHECK (post_id != 2)")


@pytest.mark.parametrize("state", ["autocommit", "first", "later"])
def test_if_one_fails_none_has_taken_effect_and_the_connection_is_usable(
    client: Client, observer: Observer, state: str
) -> None:
    break_check(observer)
    if state != "autocommit":
        client.use_transactions()
    if state == "later":
        client(posts.insert, post(0))

    with pytest.raises(psycopg.errors.CheckViolation):
        client(posts.insert_two, post(1), post(2))

    expected = {
        "autocommit": TransactionStatus.IDLE,
        "first": TransactionStatus.INTRANS,
        "later": TransactionStatus.INTRANS,
    }
    assert client.conn.info.transaction_status == expected[state]
    client(posts.insert, post(3))
    client.commit()
    assert post_ids(observer) == ([0, 3] if state == "later" else [3])


@pytest.mark.parametrize("prepare_threshold", [0, 5])
@pytest.mark.parametrize("autocommit", [True, False])
def test_a_statement_that_was_never_come_to_is_not_taken_for_prepared(
    client: Client, observer: Observer, autocommit: bool, prepare_threshold: int
) -> None:
    break_check(observer)
    client.conn.prepare_threshold = prepare_threshold
    if not autocommit:
        client.use_transactions()

    for _ in range(8):
        with pytest.raises(psycopg.errors.CheckViolation):
            client(posts.insert_and_rate_all, post(2), 1.0)
        client(posts.insert_and_rate_all, post(1), 2.0)

    client.commit()
    assert posts.fetch_all(observer.conn) == [post(1, rating=2.0)]


@pytest.mark.parametrize("autocommit", [True, False])
def test_an_operation_can_go_on_after_the_drivers_error(
    client: Client, observer: Observer, autocommit: bool
) -> None:
    if not autocommit:
        client.use_transactions()

    assert client(posts.insert_or_log, post(1)) == "InvalidTextRepresentation"

    client.commit()
    assert post_ids(observer) == [0]
    assert posts.fetch_all(observer.conn)[0].title == "InvalidTextRepresentation"


def test_an_operation_in_a_failed_transaction_leaves_it_to_the_caller(
    client: Client,
) -> None:
    client.use_transactions()
    with pytest.raises(psycopg.errors.UndefinedTable):
        client.execute("SELECT FROM nothing")

    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        client(posts.insert_two, post(1), post(2))

    assert client.conn.info.transaction_status == TransactionStatus.INERROR


@pytest.mark.parametrize("fails", [True, False])
def test_an_operation_takes_part_in_a_transaction_block(
    client: Client, observer: Observer, fails: bool
) -> None:
    if fails:
        break_check(observer)

    async def in_block() -> None:
        async with client.conn.transaction():
            await posts.insert(client.conn, post(0))
            try:
                await posts.insert_two(client.conn, post(1), post(2))
            except psycopg.errors.CheckViolation:
                await posts.insert(client.conn, post(3))

    if client.kind == "async":
        client.run(in_block())
    else:
        with client.conn.transaction():
            posts.insert(client.conn, post(0))
            try:
                posts.insert_two(client.conn, post(1), post(2))
            except psycopg.errors.CheckViolation:
                posts.insert(client.conn, post(3))

    assert post_ids(observer) == ([0, 3] if fails else [0, 1, 2])


def test_a_savepoint_of_the_same_name_is_left_alone(client: Client) -> None:
    client.use_transactions()
    client.execute("SAVEPOINT production_sql")
    client(posts.insert_two, post(1), post(2))

    client.execute("ROLLBACK TO SAVEPOINT production_sql")

    assert client(posts.fetch_all) == []


def test_a_savepoint_that_could_not_be_made_is_not_gone_back_to(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "production_sql.operation._SAVEPOINT"
    frame = pkgutil.resolve_name("production_sql.operation:_SAVEPOINT")
    monkeypatch.setattr(name, frame._replace(before=(posts.fail.bind("here"),)))
    client.use_transactions()
    client.execute("SAVEPOINT production_sql")
    client(posts.insert, post(0))

    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        client(posts.insert_two, post(1), post(2))

    # The caller's savepoint is the caller's to go back to.
    assert client.conn.info.transaction_status == TransactionStatus.INERROR
