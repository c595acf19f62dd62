"""The runner, on tables, SQL files and Structs that are not the package's own."""

import asyncio
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from production_sql import InvalidValueError, ProductionError, bundles, drafts
from production_sql.errors import QueryError
from production_sql.runner import Queries

from .blog import posts, query
from .blog.posts import Author, Echo, Line, Mood, Post, Scalars
from .client import Client, Observer, read
from .samples import bundle, draft

ANN = Author("Ann", date(1980, 2, 29))


def post(post_id: int = 1, **changes: Any) -> Post:
    values: dict[str, Any] = {"title": f"Post {post_id}", "author": ANN, "tags": ["a", "b"]}
    return Post(post_id=post_id, **values | changes)


@pytest.fixture
def blog(client: Client) -> Client:
    client(posts.create_table)
    return client


def test_another_module_uses_the_runner_for_its_own_tables(blog: Client) -> None:
    assert blog(posts.insert, post(1)) is True
    assert blog(posts.insert, post(1)) is False
    assert blog(posts.insert, post(2, author=Author("Bob"), rating=4.5)) is True

    assert blog(posts.fetch, 2) == post(2, author=Author("Bob"), rating=4.5)
    assert blog(posts.fetch, 3) is None
    assert blog(posts.get, 1) == post(1)
    assert [each.post_id for each in blog(posts.fetch_all)] == [1, 2]
    assert blog(posts.titles, ["Ann", "Eve"]) == ["Post 1"]
    assert blog(posts.tags, 1) == ["a", "b"]
    assert blog(posts.tags_as_json, post_id=1) == {"tags": ["a", "b"]}
    assert blog(posts.rate_all, None) == 2
    assert blog(posts.rate_like, "%1", rating=1.5) is True
    assert blog(posts.rate_like, "%3", rating=1.5) is False
    assert blog(posts.get, 1).rating == 1.5


def test_every_scalar_goes_to_the_server_and_back(client: Client) -> None:
    values: dict[str, Any] = {
        "text": "x",
        "integer": -(2**63),
        "number": 1e-300,
        "truth": True,
        "amount": Decimal("-12345678901234567890.123456789"),
        "key": UUID(int=2**128 - 1),
        "moment": datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC),
        "day": date(1, 1, 1),
        "hour": time(23, 59, 59, 999999),
        "span": timedelta(days=-1, seconds=5, microseconds=7),
        "data": bytes(range(256)),
        "nothing": None,
    }
    given = Scalars(**values, mood=Mood.LOUD, size="large")

    assert client(posts.echo, given) == Echo(**values, mood="loud", size="large")


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "0044-03-15 BC"])
def test_a_moment_that_python_cannot_hold_is_the_drivers_error(
    client: Client, moment: str
) -> None:
    client.execute("CREATE TEMPORARY TABLE moments (at timestamptz)")
    client.execute(f"INSERT INTO moments VALUES ('{moment}')")

    with pytest.raises(psycopg.DataError, match="timestamp outside the years 1 to 9999"):
        client(posts.latest_moment)


def test_a_list_of_structs_goes_to_the_server_as_records(client: Client) -> None:
    moment = datetime(2026, 3, 14, tzinfo=UTC)
    given = [
        Line(1, 'a "quoted" \\ text', {"nul": "\0", "deep": [{"x": None}]}, moment),
        Line(2, "", {}),
    ]

    assert client(posts.lines, given) == given
    assert client(posts.lines, []) == []


def test_a_column_is_converted_to_the_declared_type(client: Client) -> None:
    assert client(posts.moods) == [Mood.CALM, Mood.LOUD]
    assert client(posts.array) == [["a", "b"], []]
    assert client(posts.maximum) is None


def test_the_place_of_a_wrong_value_within_a_list_is_named(client: Client) -> None:
    for wrong, where in [
        (Line("1", "", {}), "lines[1].number: Expected `int`, got `str`"),  # type: ignore[arg-type]
        (Line(1, "\0", {}), "lines[1].text: NUL at index 0"),
        (Line(1, "", {"a": [{"b": (1,)}]}), "lines[1].marks['a'][0]['b']: JSON would"),
        ({"number": 1}, "lines[1]: Expected `Line`, got `dict`"),
    ]:
        with pytest.raises(InvalidValueError) as raised:
            client(posts.lines, [Line(0, "", {}), wrong])
        assert str(raised.value).startswith(f"posts.lines: {where}")


def test_a_struct_within_a_struct_has_to_be_one(client: Client) -> None:
    with pytest.raises(InvalidValueError) as raised:
        client(posts.insert, post(author={"name": "Ann"}))

    assert str(raised.value) == "posts.insert: Post.author: Expected `Author`, got `dict`"


@pytest.mark.parametrize("size", [0, 100, 250])
def test_a_stream_gives_the_rows_one_after_the_other(blog: Client, size: int) -> None:
    stored = [post(i) for i in range(size)]
    for each in stored:
        blog(posts.insert, each)

    async def collect() -> list[Post]:
        return [each async for each in posts.stream(blog.conn)]

    for autocommit in (True, False):
        if not autocommit:
            blog.use_transactions()
        streamed = (
            blog.run(collect()) if blog.kind == "async" else list(posts.stream(blog.conn))
        )
        assert streamed == stored


def open_cursors(client: Client) -> list[tuple[Any, ...]]:
    return client.execute("SELECT name FROM pg_cursors WHERE name LIKE '%posts.stream'")


def start_stream(blog: Client, size: int = 250) -> Any:
    """Return a stream of which one row has been read."""
    for i in range(size):
        blog(posts.insert, post(i))
    rows: Any = posts.stream(blog.conn)
    first = next(rows) if blog.kind == "sync" else blog.run(anext(rows))
    assert first == post(0)
    return rows


def close(blog: Client, rows: Any) -> None:
    """Close a stream as a with block does."""
    if blog.kind == "sync":
        with rows as entered:
            assert entered is rows
        assert list(rows) == []
    else:

        async def leave() -> list[Post]:
            async with rows as entered:
                assert entered is rows
            return [row async for row in rows]

        assert blog.run(leave()) == []


def test_in_autocommit_other_calls_commit_while_a_stream_is_open(
    blog: Client, observer: Observer
) -> None:
    rows = start_stream(blog)

    blog(posts.insert, post(1000))

    assert posts.fetch(observer.conn, 1000) == post(1000)
    close(blog, rows)


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_stream_that_is_left_half_way_and_closed_is_gone(
    blog: Client, autocommit: bool
) -> None:
    blog.set_autocommit(autocommit)
    rows = start_stream(blog)
    assert len(open_cursors(blog)) == 1

    close(blog, rows)

    assert open_cursors(blog) == []
    close(blog, rows)


def test_a_stream_that_was_never_begun_has_nothing_to_close(blog: Client) -> None:
    close(blog, posts.stream(blog.conn))


@pytest.mark.parametrize("size", [3, 250])
@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_to_close_a_stream_after_its_transaction_does_nothing_to_the_next(
    blog: Client, end: str, size: int
) -> None:
    blog.use_transactions()
    rows = start_stream(blog, size)
    blog.execute(end)
    blog(posts.insert, post(1000))

    close(blog, rows)

    assert blog.conn.info.transaction_status == TransactionStatus.INTRANS
    assert blog(posts.fetch, 1000) == post(1000)


def test_a_stream_ends_with_its_transaction(blog: Client) -> None:
    blog.use_transactions()
    rows = start_stream(blog)
    blog.commit()

    async def all_async() -> list[Post]:
        return [row async for row in rows]

    with pytest.raises(psycopg.errors.InvalidCursorName):
        blog(lambda _: list(rows) if blog.kind == "sync" else all_async())

    blog.rollback()
    blog.run(rows.close() if blog.kind == "sync" else rows.aclose())


def test_a_stream_that_was_cut_off_by_an_error_does_not_go_on(
    declare: Callable[[str, str | None], Any], client: Client
) -> None:
    things = declare(
        "() -> Iterator[int]", "SELECT nullif(n, 150) FROM generate_series(1, 350) AS n"
    )
    rows = things.do(client.conn)
    with pytest.raises(QueryError):
        read(client, rows)

    with pytest.raises(ProductionError) as raised:
        read(client, rows)

    assert str(raised.value) == (
        "the stream things.do was cut off, and rows of it are lost: call the query again"
    )
    client.run(rows.close() if client.kind == "sync" else rows.aclose())


def test_a_stream_of_a_cancelled_task_does_not_go_on_without_the_rows_it_lost(
    dsn: str,
) -> None:
    size = 250

    async def cancel_after(turns: int) -> bool:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
            rows = posts.stream(conn)
            found: list[Post] = []

            async def take() -> None:
                async for row in rows:
                    found.append(row)

            task = asyncio.create_task(take())
            for _ in range(turns):
                await asyncio.sleep(0)
            has_ended = task.done()
            task.cancel()
            await asyncio.wait([task])
            with suppress(ProductionError):
                found += [row async for row in rows]
                assert len(found) == size, turns
            await rows.aclose()
            return has_ended

    with psycopg.connect(dsn) as conn:
        posts.create_table(conn)
        for i in range(size):
            posts.insert(conn, post(i))
    turns = 0
    while not asyncio.run(cancel_after(turns)):
        turns += 1 + turns // 10


def test_a_stream_is_not_read_in_a_pipeline_and_goes_on_after_it(blog: Client) -> None:
    rows = start_stream(blog)
    page = [next(rows) if blog.kind == "sync" else blog.run(anext(rows)) for _ in range(99)]
    assert page == [post(i) for i in range(1, 100)]

    async def read_async(conn: Any) -> Any:
        async with conn.pipeline():
            return await anext(rows)

    def read_sync(conn: Any) -> Any:
        with conn.pipeline():
            return next(rows)

    with pytest.raises(psycopg.NotSupportedError) as raised:
        blog(read_sync if blog.kind == "sync" else read_async)

    assert str(raised.value) == (
        "the stream posts.stream cannot be read or closed in pipeline mode"
    )
    assert read(blog, rows) == [post(i) for i in range(100, 250)]


@pytest.mark.parametrize(
    "name", ["every_number_up_to_a_hundred_thousand", "日本語の関数の名前です"]
)
def test_a_stream_of_a_long_name_closes_its_cursor(
    tmp_path: Path, client: Client, name: str
) -> None:
    file = tmp_path / "sql" / "quarterly_reports" / f"{name}.sql"
    file.parent.mkdir(parents=True)
    file.write_text("SELECT n FROM generate_series(1, 300) AS n")

    def function() -> Iterator[int]: ...

    function.__module__, function.__name__ = "quarterly_reports", name
    rows: Any = Queries(tmp_path / "sql")(function)(client.conn)
    assert (next(rows) if client.kind == "sync" else client.run(anext(rows))) == 1
    assert len(client.execute("SELECT name FROM pg_cursors")) == 1

    close(client, rows)

    assert client.execute("SELECT name FROM pg_cursors") == []


def test_the_cursors_of_all_processes_have_names_of_their_own(blog: Client) -> None:
    rows = start_stream(blog)

    ((name,),) = open_cursors(blog)

    assert re.fullmatch("[0-9a-f]{32}_posts.stream", name)
    close(blog, rows)


def test_a_field_may_have_any_name(
    declare: Callable[[str, str | None], Any], client: Client
) -> None:
    names = ["class", "_if", "__debug__", "\ufb01"]  # the last is a ligature
    columns = ", ".join(f'%({name})s::text AS "{name}"' for name in names)
    things = declare("(words: Words) -> list[Words]", f"SELECT {columns}")
    words = things.Words(*"abcd")

    assert client(things.do, words) == [words]


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        ("Annotated[str, Meta(pattern='^a')]", "b"),
        ("Annotated[str, Meta(max_length=0)]", "b"),
        ("Annotated[str, Meta(min_length=2)]", "b"),
        ("Annotated[datetime, Meta(tz=False)]", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_value_that_its_type_does_not_admit_is_refused(
    declare: Callable[[str, str | None], Any], client: Client, annotation: str, value: Any
) -> None:
    things = declare(f"(key: {annotation}) -> list[str]", "SELECT %(key)s::text")

    with pytest.raises(InvalidValueError, match=r"^things\.do: key: Expected "):
        client(things.do, value)


def test_what_is_by_keyword_only_is_not_taken_by_position(
    declare: Callable[[str, str | None], Any], client: Client
) -> None:
    things = declare("(*, key: str) -> list[str]", "SELECT %(key)s::text")

    with pytest.raises(TypeError, match=r"^things\.do: too many positional arguments"):
        client(things.do, "a")
    assert client(things.do, key="a") == ["a"]


@pytest.mark.parametrize("kind", ["json", "jsonb"])
def test_json_is_read_in_any_client_encoding(
    declare: Callable[[str, str | None], Any], client: Client, kind: str
) -> None:
    sql = f"SELECT {kind}_build_object('a', chr(233)) AS key"
    things = declare("() -> list[dict[str, str]]", sql)
    client.execute("SET client_encoding = 'LATIN1'")

    assert client(things.do) == [{"a": "\u00e9"}]


@pytest.mark.parametrize(
    "style", ["sql_standard", "postgres", "postgres_verbose", "iso_8601"]
)
def test_an_interval_is_the_same_in_every_style(
    declare: Callable[[str, str | None], Any], client: Client, style: str
) -> None:
    things = declare("(key: timedelta) -> list[timedelta]", "SELECT %(key)s::interval")
    client.execute(f"SET IntervalStyle = '{style}'")
    for days, seconds, microseconds in [(-1, 86399, 999999), (1, 0, 0), (-3, 0, 1)]:
        value = timedelta(days=days, seconds=seconds, microseconds=microseconds)
        assert client(things.do, value) == [value]


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
@pytest.mark.parametrize("result", ["list", "Iterator"])
def test_a_file_that_is_not_in_ascii_takes_a_connection_in_utf8(
    declare: Callable[[str, str | None], Any], client: Client, encoding: str, result: str
) -> None:
    things = declare(f"() -> {result}[str]", "SELECT 'é'")
    client.execute(f"SET client_encoding = '{encoding}'")

    with pytest.raises(InvalidValueError, match=r"SET it to UTF8$") as raised:
        client(things.do)

    assert f"{things.do.file} is not in ASCII" in str(raised.value)


class Contrary:
    def __eq__(self, other: object) -> bool:
        raise ArithmeticError("never")

    __hash__ = None  # type: ignore[assignment]


def zone(utcoffset: Callable[..., timedelta] | None = None) -> tzinfo:
    """Return a time zone whose class has this method, or none."""
    methods = {} if utcoffset is None else {"utcoffset": utcoffset}
    made: tzinfo = type("Zone", (tzinfo,), methods)()
    return made


def no_offset(*_: object) -> timedelta:
    raise LookupError("no offset today")


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        ("datetime", datetime(2026, 1, 1, tzinfo=zone(no_offset)), "no offset today"),
        ("datetime", datetime(2026, 1, 1, tzinfo=zone()), "a tzinfo subclass must"),
        ("dict", {"a": datetime(2026, 1, 1, tzinfo=zone(no_offset))}, "no offset today"),
        pytest.param("dict", {10**5000: 1}, "JSON has str keys only, not a key", id="key"),
        ("dict", {"a": Contrary()}, "Encoding objects of type Contrary"),
    ],
)
def test_what_an_object_raises_of_itself_refuses_it(
    declare: Callable[[str, str | None], Any],
    client: Client,
    parameter: str,
    value: object,
    reason: str,
) -> None:
    things = declare(f"(key: {parameter}) -> list[str]", "SELECT %(key)s::text")
    sent = client.watch_traffic()

    with pytest.raises(InvalidValueError) as raised:
        client(things.do, value)

    assert sent() == 0
    assert reason in str(raised.value)


def test_a_stream_whose_rows_are_here_can_be_read_after_its_transaction(
    blog: Client,
) -> None:
    blog.use_transactions()
    rows = start_stream(blog, 3)
    blog.commit()
    blog(posts.insert, post(1000))

    async def all_async() -> list[Post]:
        return [row async for row in rows]

    rest = blog(lambda _: list(rows) if blog.kind == "sync" else all_async())

    assert rest == [post(1), post(2)]
    assert blog.conn.info.transaction_status == TransactionStatus.INTRANS


def test_a_stream_closed_in_a_failed_block_in_autocommit_can_be_closed_after_it(
    blog: Client,
) -> None:
    rows = start_stream(blog)
    blog.execute("BEGIN")
    with pytest.raises(psycopg.errors.UndefinedTable):
        blog.execute("SELECT FROM nothing")
    close(blog, rows)
    blog.execute("ROLLBACK")
    assert len(open_cursors(blog)) == 1

    close(blog, rows)

    assert open_cursors(blog) == []


def test_a_stream_cannot_be_closed_in_a_pipeline_but_after_it(blog: Client) -> None:
    rows = start_stream(blog)

    async def close_async(conn: Any) -> None:
        async with conn.pipeline():
            await rows.aclose()

    def close_sync(conn: Any) -> None:
        with conn.pipeline():
            rows.close()

    with pytest.raises(psycopg.NotSupportedError, match=r"^the stream posts\.stream "):
        blog(close_sync if blog.kind == "sync" else close_async)

    close(blog, rows)
    assert open_cursors(blog) == []


def test_a_stream_of_a_cancelled_task_leaves_no_cursor(dsn: str) -> None:
    async def cancel_after(turns: int) -> bool:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:

            async def read() -> None:
                async with posts.stream(conn) as rows:
                    await anext(rows)

            task = asyncio.create_task(read())
            for _ in range(turns):
                await asyncio.sleep(0)
            has_ended = task.done()
            task.cancel()
            await asyncio.wait([task])
            cursor = await conn.execute("SELECT FROM pg_cursors WHERE name LIKE '%posts%'")
            assert await cursor.fetchall() == [], turns
            return has_ended

    with psycopg.connect(dsn) as conn:
        posts.create_table(conn)
        posts.insert(conn, post())
    turns = 0
    while not asyncio.run(cancel_after(turns)):
        turns += 1 + turns // 10


def test_a_stream_whose_close_is_cancelled_is_closed_all_the_same(dsn: str) -> None:
    async def cancel_after(turns: int) -> bool:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
            rows = posts.stream(conn)
            await anext(rows)
            task = asyncio.create_task(rows.aclose())
            for _ in range(turns):
                await asyncio.sleep(0)
            has_ended = task.done()
            task.cancel()
            await asyncio.wait([task])
            async with conn.lock:  # which who still closes it has
                pass
            cursor = await conn.execute("SELECT FROM pg_cursors WHERE name LIKE '%posts%'")
            assert await cursor.fetchall() == [], turns
            return has_ended

    with psycopg.connect(dsn) as conn:
        posts.create_table(conn)
        for i in range(150):
            posts.insert(conn, post(i))
    turns = 1  # one that is cancelled before it began has closed nothing
    while not asyncio.run(cancel_after(turns)):
        turns += 1


def test_a_stream_refuses_what_the_client_encoding_does_not_have(
    declare: Callable[[str, str | None], Any], client: Client
) -> None:
    things = declare("(key: str) -> Iterator[str]", "SELECT %(key)s::text")
    client.execute("SET client_encoding = 'LATIN1'")

    with pytest.raises(InvalidValueError, match="'€' is not in the client_encoding"):
        client(things.do, "€")


def test_to_close_a_stream_in_a_failed_transaction_hides_no_error(blog: Client) -> None:
    blog.use_transactions()
    rows = start_stream(blog)
    with pytest.raises(psycopg.errors.UndefinedTable):
        blog.execute("SELECT FROM nothing")

    close(blog, rows)

    assert blog.conn.info.transaction_status == TransactionStatus.INERROR


def test_a_stream_that_is_not_closed_says_so_and_sends_nothing(blog: Client) -> None:
    blog.use_transactions()
    rows = start_stream(blog)
    sent = blog.watch_traffic()

    with pytest.warns(ResourceWarning, match="was deleted while still open"):
        del rows

    assert sent() == 0


def test_a_stream_in_a_pipeline_is_the_drivers_error(blog: Client) -> None:
    async def start_async(conn: Any) -> None:
        async with conn.pipeline():
            await anext(posts.stream(conn))

    def start(conn: Any) -> None:
        with conn.pipeline():
            next(posts.stream(conn))

    with pytest.raises(psycopg.NotSupportedError):
        blog(start if blog.kind == "sync" else start_async)


def test_the_names_of_queries_stand_where_the_server_keeps_them(
    client: Client, observer: Observer
) -> None:
    client(drafts.fetch, "nothing")

    ((text,),) = observer.conn.execute(
        "SELECT query FROM pg_stat_activity WHERE application_name = %s", [client.name]
    ).fetchall()

    assert text.startswith("SELECT /* drafts.fetch */\n    draft_id,\n")
    assert "One draft by its id" not in text


def test_one_query_is_one_prepared_statement_whatever_the_values(client: Client) -> None:
    client.conn.prepare_threshold = 0
    for number in (None, 0, 2**15, 2**31, 2**63 - 1, -1):
        assert client(posts.one_type, number) == [number]
    for metadata in ({}, {"a": 1}):
        client(drafts.upsert, draft(metadata=metadata))
    for after in (None, "draft_1"):
        client(drafts.fetch_by_strategy, "strategy_1", after=after, limit=2**20)

    names = "SELECT substring(statement FROM '/\\* (.+?) \\*/') FROM pg_prepared_statements"
    assert sorted(name for (name,) in client.execute(names) if name) == [
        "drafts.fetch_by_strategy",
        "drafts.upsert",
        "posts.one_type",
    ]


def test_nothing_is_prepared_where_the_caller_forbids_it(client: Client) -> None:
    client.conn.prepare_threshold = None
    for _ in range(10):
        client(drafts.upsert, draft())
        client(drafts.fetch, "draft_1")

    assert client.execute("SELECT FROM pg_prepared_statements") == []


def adapters_of(context: Any) -> tuple[Any, ...]:
    adapters = context.adapters
    dumpers = [dict(each) for each in adapters._dumpers.values()]
    return (
        dumpers,
        dict(adapters._dumpers_by_oid[0]),
        [dict(each) for each in adapters._loaders],
    )


def test_nothing_is_registered_globally_or_on_the_callers_connection(blog: Client) -> None:
    before = adapters_of(psycopg), adapters_of(blog.conn)
    row_factory = blog.conn.row_factory

    blog(posts.insert, post())
    blog(posts.fetch, 1)

    assert (adapters_of(psycopg), adapters_of(blog.conn)) == before
    assert blog.conn.row_factory is row_factory
    assert blog.execute("SELECT tags FROM posts") == [(["a", "b"],)]


def test_what_the_host_has_registered_does_not_change_a_result(blog: Client) -> None:
    class Shout(Loader):
        def load(self, data: Any) -> str:
            return f"{data!r}!"

    for name in ("text", "json", "jsonb", "int8", "float8"):
        blog.conn.adapters.register_loader(name, Shout)
    blog.conn.row_factory = dict_row
    blog(posts.insert, post())

    assert blog(posts.fetch, 1) == post()
    assert blog(posts.rate_all, 2.0) == 1


def test_tasks_that_share_a_connection_get_their_own_results(dsn: str) -> None:
    async def fail(conn: psycopg.AsyncConnection[Any]) -> None:
        await conn.execute("SELECT 1 / 0")

    async def both() -> list[Any]:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
            calls = [bundles.upsert(conn, bundle(f"b{i}", f"a{i}")) for i in range(20)]
            failures = [fail(conn) for _ in calls]
            pairs = zip(calls, failures, strict=True)
            both = [each for pair in pairs for each in pair]
            return list(await asyncio.gather(*both, return_exceptions=True))

    results = asyncio.run(both())

    assert results[::2] == [True] * 20
    assert all(isinstance(each, psycopg.errors.DivisionByZero) for each in results[1::2])


def test_a_call_without_a_connection_is_a_type_error_with_its_name() -> None:
    for arguments in ((), (None,)):
        with pytest.raises(TypeError, match=r"^drafts\.create: the first argument is a"):
            drafts.create(*arguments)


def test_a_first_argument_that_is_no_connection_is_a_type_error() -> None:
    expected = "the first argument is a psycopg Connection or AsyncConnection, not str"
    declared: Any
    for declared in (drafts.fetch, drafts.create, posts.stream):
        with pytest.raises(TypeError) as raised:
            declared("draft_1")
        assert str(raised.value) == f"{declared.name}: {expected}"


def test_a_call_with_wrong_arguments_is_a_type_error(client: Client) -> None:
    with pytest.raises(TypeError) as raised:
        client(drafts.fetch)
    assert str(raised.value) == "drafts.fetch: missing a required argument: 'draft_id'"
    wrong: list[tuple[Any, dict[str, Any]]] = [
        (drafts.fetch, {"id": "draft_1"}),
        (drafts.create, {}),
        (drafts.fetch_by_strategy, {"strategy_id": "s", "size": 10}),
    ]
    for declared, arguments in wrong:
        with pytest.raises(TypeError, match=f"^{re.escape(declared.name)}: "):
            client(declared, **arguments)
    with pytest.raises(TypeError) as raised:
        client(drafts.fetch_by_strategy, "strategy_1", 10)
    assert str(raised.value) == "drafts.fetch_by_strategy: too many positional arguments"


def test_a_declared_function_keeps_its_name_docstring_and_signature() -> None:
    assert drafts.fetch.__name__ == "fetch"  # type: ignore[attr-defined]
    assert (inspect.getdoc(drafts.fetch) or "").startswith("Return the draft with this id")
    names = list(inspect.signature(drafts.fetch_by_strategy).parameters)
    assert names == ["conn", "strategy_id", "limit", "after"]
    assert repr(drafts.discard).startswith("<Operation drafts.discard(conn: ")
    assert inspect.signature(drafts.discard).return_annotation is bool


# What is wrong with a declaration is told when it is made.


@pytest.fixture
def declare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], Any]]:
    """Return what makes a module of one declared function and its SQL file."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "sql" / "things").mkdir(parents=True)

    def declare(function: str, sql: str | None) -> Any:
        if sql is not None:
            (tmp_path / "sql" / "things" / "do.sql").write_text(sql, "utf-8")
        code = (
            "from collections.abc import AsyncIterator, Iterator, Sequence\n"
            "from datetime import datetime, timedelta\n"
            "from decimal import Decimal\n"
            "from enum import Enum\n"
            "from typing import Annotated, Any, Generic, List, Literal, TypeVar\n"
            "from pathlib import Path\n"
            "from msgspec import Meta, Struct, defstruct\n"
            "from production_sql.runner import Queries\n"
            "query = Queries(Path(__file__).parent / 'sql')\n"
            "class Thing(Struct, kw_only=True):\n"
            "    key: str\n"
            "    size: int\n"
            "names = ['class', '_if', '__debug__', '\ufb01']\n"
            "Words = defstruct('Words', [(name, str) for name in names])\n"
            "class Size(Enum):\n"
            "    SMALL = 1\n"
            "T = TypeVar('T')\n"
            "class Box(Struct, Generic[T]):\n"
            "    key: T\n"
            f"@query\ndef do{function}: ...\n"
            "query.check_complete()\n"
        )
        (tmp_path / "things.py").write_text(code, "utf-8")
        importlib.invalidate_caches()
        return importlib.import_module("things")

    monkeypatch.delitem(importlib.sys.modules, "things", raising=False)  # type: ignore[attr-defined]
    yield declare
    importlib.sys.modules.pop("things", None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("function", "sql", "message"),
    [
        ("() -> int", None, "things.do: the function has no file {file}"),
        ("() -> int", "-- Nothing.\n", "things.do: {file} has no statement"),
        (
            "(key: str) -> int",
            "SELECT %(kee)s",
            "things.do(key: str) -> int and {file}: no parameter for the placeholder kee",
        ),
        (
            "(key: str, size: int) -> int",
            "SELECT 1",
            "things.do(key: str, size: int) -> int and {file}: no placeholder for the "
            "parameter key, size",
        ),
        (
            "(thing: Thing) -> int",
            "SELECT %(key)s",
            "things.do(thing: things.Thing) -> int and {file}: no placeholder for the "
            "parameter size",
        ),
        (
            "(thing: Thing, key: str) -> int",
            "SELECT %(key)s, %(size)s",
            "things.do(thing: things.Thing, key: str) -> int and {file}: more than one "
            "parameter for the placeholder key",
        ),
        (
            "(key) -> int",
            "SELECT %(key)s",
            "things.do: the parameter key has no annotation",
        ),
        (
            "(key: range) -> int",
            "SELECT %(key)s",
            "things.do: the parameter key: <class 'range'> is no type of a parameter",
        ),
        (
            "(key: str) -> int",
            "SELECT %s",
            "things.do: {file}: a placeholder without a name: write a placeholder as "
            "%(name)s and a percent sign as %%",
        ),
        (
            "(key: str) -> int",
            "SELECT 'a' LIKE '%' || %(key)s",
            "things.do: {file}: unsupported format character ''' (0x27) at index 18: "
            "write a placeholder as %(name)s and a percent sign as %%",
        ),
        (
            "() -> Sequence[int]",
            "SELECT 1",
            "things.do: collections.abc.Sequence[int] is no type of a result",
        ),
        (
            "() -> AsyncIterator[int]",
            "SELECT 1",
            "things.do: collections.abc.AsyncIterator[int] is no type of a result",
        ),
        ("() -> list", "SELECT 1", "things.do: <class 'list'> is no type of a result"),
        ("() -> int | str", "SELECT 1", "things.do: int | str is no type of a result"),
        (
            "() -> list[range]",
            "SELECT 1",
            "things.do: list[range] is no type of a result",
        ),
        (
            "() -> Iterator[range]",
            "SELECT 1",
            "things.do: collections.abc.Iterator[range] is no type of a result",
        ),
        (
            "(key: str)",
            "SELECT %(key)s",
            "things.do: the function has no return annotation",
        ),
        ("() -> List", "SELECT 1", "things.do: typing.List is no type of a result"),
        (
            "() -> Iterator",
            "SELECT 1",
            "things.do: <class 'collections.abc.Iterator'> is no type of a result",
        ),
        (
            "() -> Box[int]",
            "SELECT 1 AS key",
            "things.do: things.Box[int] is no type of a result",
        ),
        (
            "(box: Box[int]) -> int",
            "SELECT %(key)s",
            "things.do: the parameter box: things.Box[int] is no type of a parameter",
        ),
        (
            "(box: Box) -> int",
            "SELECT %(key)s",
            "things.do: the parameter box: <class 'things.Box'> is generic: declare a "
            "Struct with the types themselves",
        ),
        (
            "(boxes: list[Box[int]]) -> int",
            "SELECT %(boxes)s",
            "things.do: the parameter boxes: things.Box[int] is generic: declare a Struct "
            "with the types themselves",
        ),
        (
            "(conn: str) -> int",
            "SELECT %(conn)s",
            "things.do: conn is no parameter of a declaration: the connection comes first "
            "in the call",
        ),
        (
            "(key: Literal['a', None]) -> int",
            "SELECT %(key)s",
            "things.do: the parameter key: typing.Literal['a', None] is no type of a "
            "parameter: write its None as | None",
        ),
        (
            "() -> Literal['a', None]",
            "SELECT 'a'",
            "things.do: typing.Literal['a', None] is no type of a result",
        ),
        (
            "(key: Any) -> int",
            "SELECT %(key)s",
            "things.do: the parameter key: typing.Any is no type of a parameter",
        ),
        (
            "(*keys: str) -> int",
            "SELECT %(keys)s",
            "things.do: *keys: str: a parameter has one value",
        ),
        (
            "(**keys: str) -> int",
            "SELECT %(keys)s",
            "things.do: **keys: str: a parameter has one value",
        ),
        (
            "() -> int",
            "/* The one. */ SELECT 1",
            "things.do: {file}: a statement begins with a keyword; write the header before "
            "it in lines that begin with --",
        ),
    ],
)
def test_a_declaration_that_does_not_fit_its_file_is_an_error(
    declare: Callable[[str, str | None], Any],
    tmp_path: Path,
    function: str,
    sql: str | None,
    message: str,
) -> None:
    with pytest.raises(QueryError) as raised:
        declare(function, sql)

    file = tmp_path / "sql" / "things" / "do.sql"
    assert str(raised.value) == message.replace("{file}", str(file))
    assert isinstance(raised.value, ProductionError)


def test_a_file_without_a_function_is_an_error(
    declare: Callable[[str, str | None], Any], tmp_path: Path
) -> None:
    other = tmp_path / "sql" / "things" / "other.sql"
    other.write_text("SELECT 1")

    with pytest.raises(QueryError) as raised:
        declare("() -> int", "SELECT 1")

    assert str(raised.value) == f"{other} has no function: declare things.other"


def test_a_file_that_no_function_could_have_is_an_error(
    declare: Callable[[str, str | None], Any], tmp_path: Path
) -> None:
    other = tmp_path / "sql" / "things" / "more" / "other.sql"
    other.parent.mkdir()
    other.write_text("SELECT 1")

    with pytest.raises(QueryError) as raised:
        declare("() -> int", "SELECT 1")

    assert str(raised.value) == f"{other} is not in {tmp_path / 'sql'}/MODULE/FUNCTION.sql"


def test_two_functions_of_one_file_are_an_error(
    declare: Callable[[str, str | None], Any], tmp_path: Path
) -> None:
    twice = "() -> list[int]: ...\n@query\ndef _do() -> list[int]"

    with pytest.raises(QueryError) as raised:
        declare(twice, "SELECT 1")

    file = tmp_path / "sql" / "things" / "do.sql"
    assert str(raised.value) == (
        f"things.do and things._do are both {file}: a file has one function"
    )


def test_a_module_can_be_loaded_again(declare: Callable[[str, str | None], Any]) -> None:
    things = declare("() -> list[int]", "SELECT 1")

    importlib.reload(things)


def test_a_coroutine_function_cannot_be_declared(tmp_path: Path) -> None:
    async def do() -> int: ...

    with pytest.raises(QueryError) as raised:
        Queries(tmp_path)(do)

    assert str(raised.value) == (
        "test_runner.do: declare it without async: a call on an AsyncConnection is awaited"
    )


def test_a_file_in_another_encoding_is_an_error(tmp_path: Path) -> None:
    def do() -> list[str]: ...

    file = tmp_path / "test_runner" / "do.sql"
    file.parent.mkdir()
    file.write_bytes(b"SELECT '\xe9'")

    with pytest.raises(QueryError) as raised:
        Queries(str(tmp_path))(do)

    assert str(raised.value).startswith(f"test_runner.do: {file} is not in UTF-8: 'utf-8' ")


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("VALUES('new york')", "VALUES /* things.do */('new york')"),
        ("SELECT'a b' AS key", "SELECT /* things.do */'a b' AS key"),
        ("(SELECT 'a') UNION SELECT 'b'", "(SELECT /* things.do */ 'a') UNION SELECT 'b'"),
        ("-- One.\n-- Two.\n\nselect 1", "select /* things.do */ 1"),
        ("\ufeffSELECT 1", "SELECT /* things.do */ 1"),
    ],
)
def test_the_name_of_a_query_changes_nothing_in_it(
    declare: Callable[[str, str | None], Any], sql: str, text: str
) -> None:
    things = declare("() -> list[str]", sql)

    assert things.do.statement.decode() == text


@pytest.mark.parametrize(
    ("parameter", "cast", "value"),
    [
        ("Literal['a'] | None", "text", None),
        ("Literal['a'] | None", "text", "a"),
        ("float", "float8", 2),
        ("Decimal", "numeric", Decimal("1E+400")),
    ],
)
def test_a_value_comes_back_equal(
    declare: Callable[[str, str | None], Any],
    client: Client,
    parameter: str,
    cast: str,
    value: object,
) -> None:
    things = declare(f"(key: {parameter}) -> list[{parameter}]", f"SELECT %(key)s::{cast}")

    assert client(things.do, value) == [value]


def test_a_member_of_an_enum_is_sent_as_its_value(
    declare: Callable[[str, str | None], Any], client: Client
) -> None:
    things = declare("(key: Size) -> list[int]", "SELECT %(key)s::int")

    assert client(things.do, things.Size.SMALL) == [1]


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        pytest.param("int", 10**5000, "Exceeds the limit", id="digits"),
        ("float", 2**53 + 1, "9007199254740993 is between two floats"),
        ("Decimal", Decimal("sNaN"), "PostgreSQL has no signaling NaN"),
        ("Size", 1, "Expected `Size`, got `int`"),
    ],
)
def test_a_value_that_would_not_come_back_equal_is_refused(
    declare: Callable[[str, str | None], Any],
    client: Client,
    parameter: str,
    value: object,
    reason: str,
) -> None:
    things = declare(f"(key: {parameter}) -> list[str]", "SELECT %(key)s::text")

    with pytest.raises(InvalidValueError) as raised:
        client(things.do, value)

    assert str(raised.value).startswith(f"things.do: key: {reason}")


def test_the_packages_own_files_and_functions_are_complete() -> None:
    query.check_complete()
    with pytest.raises(QueryError, match="has no function: declare"):
        Queries(query.folder).check_complete()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(QueryError) as raised:
        Queries(tmp_path / "sql")

    assert str(raised.value) == f"{tmp_path / 'sql'} is not a folder of SQL files"


# What is wrong with a result is told when it comes.


@pytest.mark.parametrize(
    ("function", "sql", "message"),
    [
        (
            "() -> Thing | None",
            "SELECT 'a' AS key, 1 AS size UNION ALL SELECT 'b', 2",
            "things.do: the statement gives 2 rows, but the function returns things.Thing "
            "| None",
        ),
        (
            "() -> Thing",
            "SELECT 'a' AS key, 1 AS size LIMIT 0",
            "things.do: the statement gives 0 rows, but the function returns things.Thing",
        ),
        (
            "() -> str",
            "VALUES ('a'), ('b')",
            "things.do: the statement gives 2 rows, but the function returns str",
        ),
        (
            "() -> bool",
            "SELECT FROM generate_series(1, 2)",
            "things.do: the statement gives 2 rows, but the function returns bool, the "
            "count of rows: list[bool] would be a column",
        ),
        (
            "() -> None",
            "SELECT 1",
            "things.do: the statement gives some columns, but the function returns None",
        ),
        (
            "() -> int",
            "SELECT count(*) FROM generate_series(1, 3)",
            "things.do: the statement gives some columns, but the function returns int, "
            "the count of rows: list[int] would be a column",
        ),
        (
            "() -> list[Thing]",
            "SELECT 'a' AS key, 1 AS length",
            "things.do: the statement gives (key, length), but Thing takes (key, size)",
        ),
        (
            "() -> Iterator[Thing]",
            "SELECT 'a' AS key",
            "things.do: the statement gives (key), but Thing takes (key, size)",
        ),
        (
            "() -> list[str]",
            "SELECT 'a' AS key, 1 AS size",
            "things.do: the statement gives (key, size), but str takes one column only: of "
            "several make a msgspec Struct",
        ),
        (
            "() -> list[str]",
            "SELECT",
            "things.do: the statement gives no columns, but the function returns list[str]",
        ),
        (
            "() -> list[Thing]",
            "CREATE TEMPORARY TABLE things ()",
            "things.do: the statement gives no columns, but the function returns "
            "list[things.Thing]",
        ),
        (
            "() -> Thing",
            "SELECT 'a' AS key, NULL::int AS size",
            "things.do: column size is NULL, which Thing does not take: declare it with "
            "| None, or coalesce it in the SQL",
        ),
        (
            "() -> list[str]",
            "SELECT NULL::text AS key",
            "things.do: column key is NULL, which str does not take: declare it with "
            "| None, or coalesce it in the SQL",
        ),
        (
            "() -> list[Thing]",
            "SELECT 1 AS key, 1 AS size",
            "things.do: column key: Expected `str`, got `int`",
        ),
        (
            "() -> Literal['small', 'large']",
            "SELECT 'huge' AS size",
            "things.do: column size: Invalid enum value 'huge'",
        ),
        (
            "() -> list[str]",
            "SELECT '{1,2}'::int[] AS key",
            "things.do: column key: Expected `str`, got `array`",
        ),
        (
            "() -> str",
            "SELECT to_tsvector('simple', 'a') AS key",
            "things.do: column key has a type that psycopg cannot read (oid 3614): cast it "
            "in the SQL, to text for instance",
        ),
        (
            "() -> dict[str, int]",
            """SELECT '{"a": "b"}'::json AS counts""",
            "things.do: column counts: Expected `int`, got `str` - at `$[...]`",
        ),
    ],
)
def test_a_result_that_is_not_as_declared_is_an_error(
    declare: Callable[[str, str | None], Any],
    client: Client,
    function: str,
    sql: str,
    message: str,
) -> None:
    things = declare(function, sql)

    async def first(rows: Any) -> Any:
        return await anext(rows)

    def call(conn: Any) -> Any:
        result = things.do(conn)
        if "Iterator" not in function:
            return result
        return next(result) if client.kind == "sync" else first(result)

    with pytest.raises(QueryError) as raised:
        client(call)

    assert str(raised.value) == message


def test_two_streams_of_one_query_can_be_open_at_once(client: Client) -> None:
    client(posts.create_table)
    for i in range(2):
        client(posts.insert, post(i))

    async def both() -> list[Any]:
        first, second = posts.stream(client.conn), posts.stream(client.conn)
        rows = [await anext(first), await anext(second), await anext(first)]
        await first.aclose()
        await second.aclose()
        return rows

    if client.kind == "async":
        rows = client.run(both())
    else:
        first, second = posts.stream(client.conn), posts.stream(client.conn)
        rows = [next(first), next(second), next(first)]
        first.close()
        second.close()
    assert rows == [post(0), post(0), post(1)]
