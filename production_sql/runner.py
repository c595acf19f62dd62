"""Typed functions over a folder of SQL files, one statement per file.

A function's signature is the type of its query; the SQL file is its body:

    query = Queries(Path(__file__).parent / "sql")

    @query
    def latest(author: str, limit: int = 10) -> list[Post]:
        ...

In a module named ``posts`` that is the statement in ``sql/posts/latest.sql``, where the
parameters stand as ``%(author)s`` and ``%(limit)s``. A leading underscore, the mark of a
private function, is no part of the file's name. It is called with a connection first:
``latest(conn, "ann")``, or ``await latest(aconn, "ann")``.

Parameters. A Struct gives its fields as placeholders. A scalar is sent as a text without a
type, so that a query is one prepared statement whatever the values: the SQL has a cast
where the context leaves the type open. A dict, a list or a Struct within a Struct is sent
as JSON. A list of Structs is sent as a JSON array of flat records, for
``json_to_recordset``, and what is JSON within a record is a string there.

Results. ``T | None`` is at most one row, ``T`` exactly one, ``list[T]`` all of them,
``Iterator[T]`` a stream (``AsyncIterator[T]`` from an async connection); ``int`` is the row
count, ``bool`` says if it is one, ``None`` is no result. T is a Struct with one field for
each column, or the type of the only column. json and jsonb are decoded into the declared
type.

A call takes part in the caller's transaction like any statement: in autocommit it commits
by itself, else it does not commit. The driver's errors pass through unchanged. A call
raises InvalidValueError, before anything is sent, for a value that PostgreSQL would refuse
or not give back equal; and QueryError for a result that is not as declared, by when the
statement has taken effect.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator
from math import inf
from pathlib import Path
from types import NoneType
from typing import (
    Any,
    Generic,
    ParamSpec,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

from msgspec import Struct
from psycopg import AsyncConnection, Connection
from psycopg.rows import tuple_row

from .binding import is_struct, without_none
from .errors import QueryError
from .rows import (
    AnyConnection,
    AsyncCursor,
    Cursor,
    RowFactory,
    checked_row_type,
    is_utf8,
)
from .statement import Declared, Statement
from .stream import Stream

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


class Returning(Declared[P], ABC, Generic[P, T]):
    """A declaration whose call returns a T, or an awaitable of one."""

    @overload
    def __call__(
        self, conn: Connection[Any], /, *args: P.args, **kwargs: P.kwargs
    ) -> T: ...

    @overload
    def __call__(
        self, conn: AsyncConnection[Any], /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, T]: ...

    def __call__(self, conn: Any = None, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Run it on the connection, as part of its transaction.

        An async connection gives a coroutine. In autocommit it commits by itself, otherwise
        it does not commit. The driver's errors pass through unchanged.
        """
        run: Any = (
            self._run  # at once, for who asks for this most often
            if isinstance(conn, Connection)
            else self._by_kind(conn, self._run, self._run_async)
        )
        return run(conn, *args, **kwargs)

    @abstractmethod
    def _run(self, conn: Connection[Any], *args: P.args, **kwargs: P.kwargs) -> T: ...

    @abstractmethod
    async def _run_async(
        self, conn: AsyncConnection[Any], *args: P.args, **kwargs: P.kwargs
    ) -> T: ...


class Call(Struct, Generic[T], frozen=True):
    """A query with its parameters, ready to be sent."""

    query: "Query[..., T]"
    params: list[str | None]


class Query(Statement[P], Returning[P, T]):
    """A declared query with a result of type T."""

    def __init__(self, function: Callable[P, T], name: str, file: Path) -> None:
        super().__init__(function, name, file)
        row_type, self._least, self._most = _rows(self.returns)
        self.row_type = checked_row_type(name, self.returns, row_type)
        has_rows = self.row_type is not None
        self.row_factory = RowFactory(name, self.row_type) if has_rows else tuple_row

    def _run(self, conn: Connection[Any], *args: P.args, **kwargs: P.kwargs) -> T:
        return execute(conn, Call(self, self.parameters(*args, **kwargs)))

    async def _run_async(
        self, conn: AsyncConnection[Any], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await execute_async(conn, self.bind(*args, **kwargs))

    def bind(self, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Return the query with its parameters, to be sent. Raises InvalidValueError."""
        return Call(self, self.parameters(*args, **kwargs))

    def check(self, cursor: Cursor | AsyncCursor) -> None:
        """Raise QueryError if the result is not as declared."""
        has_columns = cursor.pgresult is not None and cursor.pgresult.nfields > 0
        if has_columns != (self.row_type is not None):
            raise self._not_as_declared("some columns" if has_columns else "no columns")
        if not self._least <= cursor.rowcount <= self._most:
            raise self._not_as_declared(f"{cursor.rowcount} rows")

    def _not_as_declared(self, what: str) -> QueryError:
        returns = inspect.formatannotation(self._signature.return_annotation)
        hint = (
            f", the count of rows: list[{returns}] would be a column"
            if self.returns in (bool, int)
            else ""
        )
        return QueryError(
            f"{self.name}: the statement gives {what}, but the function returns {returns}"
            f"{hint}"
        )

    def of_rows(self, rows: Any) -> T:
        """Return what the declaration makes of the rows."""
        return cast("T", rows if self._most > 1 else rows[0] if rows else None)

    def of_count(self, count: int) -> T:
        """Return what the declaration makes of the count of rows."""
        return cast("T", {bool: count == 1, int: count, NoneType: None}[self.returns])


def _rows(returns: Any) -> tuple[Any, float, float]:
    """Return the type of a row, if rows are wanted, and the least and most of them."""
    if returns is NoneType:
        return None, -inf, inf
    if returns in (bool, int):
        return None, 0, 1 if returns is bool else inf
    if get_origin(returns) is list and (items := get_args(returns)):
        return items[0], 0, inf
    if NoneType in get_args(returns):
        row_type = without_none(returns)
        return row_type if is_struct(row_type) else returns, 0, 1
    return returns, 1, 1


def check_encoding(conn: AnyConnection, *calls: Call[Any]) -> None:
    """Raise InvalidValueError if the client_encoding does not have a character."""
    if not is_utf8(conn):
        for call in calls:
            call.query.check_encoding(conn, call.params)


def cursor_for(conn: Connection[Any], call: Call[Any]) -> Cursor:
    """Return a cursor for the result of a query."""
    return Cursor(conn, row_factory=call.query.row_factory)


def start(cursor: Cursor, call: Call[Any], *, prepare: bool | None = None) -> None:
    """Send a query; in a pipeline its result comes later."""
    cursor.execute(call.query.statement, call.params, prepare=prepare, binary=True)


def finish(cursor: Cursor, call: Call[T]) -> T:
    """Return the result of a query that was sent."""
    query = call.query
    query.check(cursor)
    if query.row_type is None:
        return query.of_count(cursor.rowcount)
    return query.of_rows(cursor.fetchall())


def execute(conn: Connection[Any], call: Call[T], *, prepare: bool | None = None) -> T:
    """Send a query and return its result. Raises InvalidValueError, with nothing sent."""
    check_encoding(conn, call)
    cursor = cursor_for(conn, call)
    if conn.pgconn.pipeline_status:
        with conn.pipeline():  # of the caller's, which ends here with the result
            start(cursor, call, prepare=prepare)
    else:
        start(cursor, call, prepare=prepare)
    return finish(cursor, call)


def async_cursor_for(conn: AsyncConnection[Any], call: Call[Any]) -> AsyncCursor:
    """Return a cursor for the result of a query."""
    return AsyncCursor(conn, row_factory=call.query.row_factory)


async def start_async(
    cursor: AsyncCursor, call: Call[Any], *, prepare: bool | None = None
) -> None:
    """Send a query; in a pipeline its result comes later."""
    await cursor.execute(call.query.statement, call.params, prepare=prepare, binary=True)


async def finish_async(cursor: AsyncCursor, call: Call[T]) -> T:
    """Return the result of a query that was sent."""
    query = call.query
    query.check(cursor)
    if query.row_type is None:
        return query.of_count(cursor.rowcount)
    return query.of_rows(await cursor.fetchall())


async def execute_async(
    conn: AsyncConnection[Any], call: Call[T], *, prepare: bool | None = None
) -> T:
    """Send a query and return its result. Raises InvalidValueError, with nothing sent."""
    check_encoding(conn, call)
    cursor = async_cursor_for(conn, call)
    if conn.pgconn.pipeline_status:
        async with conn.pipeline():
            await start_async(cursor, call, prepare=prepare)
    else:
        await start_async(cursor, call, prepare=prepare)
    return await finish_async(cursor, call)


class Queries:
    """A folder of SQL files, and the decorator that declares their functions.

        query = Queries(Path(__file__).parent / "sql")

        @query
        def latest(author: str, limit: int = 10) -> list[Post]: ...

    In a module named posts that is the statement in sql/posts/latest.sql. The parameters
    are its placeholders, %(author)s; a Struct gives its fields. What is returned says how
    many rows there are: T | None, T, list[T] or Iterator[T], T being a Struct or the type
    of the only column; int or bool for their count; or None. A call has a connection first.

    Raises QueryError if there is no such folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise QueryError(f"{self.folder} is not a folder of SQL files")
        self.statements: dict[Path, Query[..., Any] | Stream[..., Any]] = {}

    @overload  # an Iterator is a T too, but the first overload that fits is taken
    def __call__(  # type: ignore[overload-overlap]
        self, function: Callable[P, Iterator[R]], /
    ) -> Stream[P, R]: ...

    @overload
    def __call__(self, function: Callable[P, T], /) -> Query[P, T]: ...

    def __call__(self, function: Callable[P, Any], /) -> Query[P, Any] | Stream[P, Any]:
        """Declare a function to be the query in its file.

        Raises QueryError if there is no file, if the placeholders in it are not the
        function's parameters, if one of these cannot be sent, or if another function has
        the file.
        """
        module = function.__module__.rpartition(".")[2]
        name = function.__name__.removeprefix("_")
        file = self.folder / module / f"{name}.sql"
        returns = get_type_hints(function).get("return")
        declare = Stream[P, Any] if get_origin(returns) is Iterator else Query[P, Any]
        statement = declare(function, f"{module}.{name}", file)
        other = self.statements.setdefault(file, statement)
        if (here := _place(statement)) != (there := _place(other)):
            raise QueryError(f"{there} and {here} are both {file}: a file has one function")
        self.statements[file] = statement
        return statement

    def check_complete(self) -> None:
        """Raise QueryError if a file in the folder has no function, or could have none.

        To be called once the modules that declare the functions are imported.
        """
        for file in sorted(self.folder.rglob("*.sql")):
            if file.parent.parent != self.folder:
                raise QueryError(f"{file} is not in {self.folder}/MODULE/FUNCTION.sql")
            if file not in self.statements:
                raise QueryError(
                    f"{file} has no function: declare {file.parent.name}.{file.stem}"
                )


def _place(declared: Callable[..., Any]) -> str:
    return f"{declared.__module__}.{declared.__qualname__}"
