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

import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import nullcontext
from itertools import count
from math import inf
from pathlib import Path
from types import NoneType
from typing import (
    Any,
    Generic,
    NamedTuple,
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

from .binding import Bind, RefusedError, binder, check_struct, field_binders, without_none
from .errors import InvalidValueError, QueryError
from .rows import (
    AsyncCursor,
    AsyncServerCursor,
    Cursor,
    RowFactory,
    ServerCursor,
    can_be_row,
    is_struct,
)

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
AnyConnection = Connection[Any] | AsyncConnection[Any]


class Declared(Generic[P]):
    """What is declared once and called with a connection of either kind first."""

    def __init__(self, function: Callable[P, Any], name: str) -> None:
        functools.update_wrapper(cast("Any", self), function)
        self.name = name
        self._signature = inspect.signature(function)
        conn = inspect.Parameter(
            "conn", inspect.Parameter.POSITIONAL_ONLY, annotation=AnyConnection
        )
        self.__signature__ = self._signature.replace(
            parameters=[conn, *self._signature.parameters.values()]
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}{self.__signature__}>"

    def _bind(self, args: Any, kwargs: Any) -> inspect.BoundArguments:
        try:
            return self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from None

    def _by_kind(self, conn: object, sync: F, asynchronous: F) -> F:
        if isinstance(conn, Connection):
            return sync
        if isinstance(conn, AsyncConnection):
            return asynchronous
        raise TypeError(
            f"{self.name}: the first argument is a psycopg Connection or AsyncConnection, "
            f"not {type(conn).__name__}"
        )


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
        """Run it on the connection."""
        return self._by_kind(conn, self._run, self._run_async)(conn, *args, **kwargs)

    @abstractmethod
    def _run(self, conn: Connection[Any], *args: P.args, **kwargs: P.kwargs) -> T: ...

    @abstractmethod
    async def _run_async(
        self, conn: AsyncConnection[Any], *args: P.args, **kwargs: P.kwargs
    ) -> T: ...


# Of these some characters are others to Python's codec than to PostgreSQL's.
_AMBIGUOUS_ENCODINGS = frozenset(
    ("big5", "euc_jis_2004", "euc_jp", "euc_kr", "johab", "shift_jis", "shift_jis_2004")
)


class _Parameter(NamedTuple):
    """Where the value of a placeholder comes from, and how it is sent."""

    argument: int
    struct: type[Struct] | None
    field: str
    bind: Bind
    label: str


class _Placeholders(dict[str, str]):
    """Numbers the placeholders in the order of their appearance."""

    def __missing__(self, name: str) -> str:
        self[name] = f"${len(self) + 1}"
        return self[name]

    def __str__(self) -> str:
        raise ValueError("a placeholder without a name")

    __repr__ = __str__


class _Statement(Declared[P]):
    """A declared function and its SQL file."""

    def __init__(self, function: Callable[P, Any], name: str, file: Path) -> None:
        super().__init__(function, name)
        self.file = file
        placeholders = _Placeholders()
        self.statement = self._read(placeholders)
        hints = get_type_hints(function, include_extras=True)
        parameters = self._expand(hints)
        if missing := placeholders.keys() - parameters.keys():
            raise self._mismatch("no parameter for the placeholder", missing)
        if unused := parameters.keys() - placeholders.keys():
            raise self._mismatch("no placeholder for the parameter", unused)
        self._plan = [parameters[name] for name in placeholders]
        if "return" not in hints:
            raise QueryError(f"{name}: the function has no return annotation")
        self._returns: Any = hints["return"]

    def _read(self, placeholders: _Placeholders) -> bytes:
        """Return the statement as it is sent.

        The comments at the head of the file stay behind. The query's name comes right
        after the first keyword, where pg_stat_statements, pg_stat_activity and the log
        keep it.
        """
        if not self.file.is_file():
            raise QueryError(f"{self.name}: the function has no file {self.file}")
        text = self.file.read_text("utf-8").strip()
        while text.startswith("--"):
            text = text.partition("\n")[2].lstrip()
        if not text:
            raise QueryError(f"{self.name}: {self.file} has no statement")
        try:
            numbered = text % placeholders
        except (TypeError, ValueError) as error:
            raise QueryError(
                f"{self.name}: {self.file}: {error}: write a placeholder as %(name)s and a "
                "percent sign as %%"
            ) from None
        keyword = numbered.split(None, 1)[0]
        return f"{keyword} /* {self.name} */{numbered[len(keyword) :]}".encode()

    def _expand(self, hints: dict[str, Any]) -> dict[str, _Parameter]:
        parameters: dict[str, _Parameter] = {}
        for index, name in enumerate(self._signature.parameters):
            if name not in hints:
                raise QueryError(f"{self.name}: the parameter {name} has no annotation")
            hint = hints[name]
            try:
                if is_struct(hint):
                    expanded = {
                        field: _Parameter(
                            index, hint, field, bind, f"{hint.__name__}.{field}"
                        )
                        for field, bind in field_binders(hint).items()
                    }
                else:
                    expanded = {name: _Parameter(index, None, name, binder(hint), name)}
            except TypeError as error:
                raise QueryError(f"{self.name}: the parameter {name}: {error}") from error
            if twice := parameters.keys() & expanded.keys():
                raise self._mismatch("more than one parameter for the placeholder", twice)
            parameters |= expanded
        return parameters

    def _mismatch(self, what: str, names: set[str]) -> QueryError:
        return QueryError(
            f"{self.name}{self._signature} and {self.file}: {what} "
            f"{', '.join(sorted(names))}"
        )

    def parameters(self, *args: P.args, **kwargs: P.kwargs) -> list[str | None]:
        """Return what is sent for the placeholders. Raises InvalidValueError."""
        bound = self._bind(args, kwargs)
        bound.apply_defaults()
        values = list(bound.arguments.values())
        params: list[str | None] = []
        for argument, struct, field, bind, label in self._plan:
            value = values[argument]
            try:
                if struct is not None:
                    if type(value) is not struct:
                        label = list(bound.arguments)[argument]
                    check_struct(value, struct)
                    value = getattr(value, field)
                params.append(bind(value))
            except RefusedError as refused:
                raise InvalidValueError(
                    f"{self.name}: {label}{refused.path}: {refused.reason}"
                ) from None
        return params

    def check_encoding(self, conn: AnyConnection, params: list[str | None]) -> None:
        """Raise InvalidValueError if the client_encoding does not have a character."""
        encoding = conn.info.encoding
        if encoding in ("utf-8", "ascii"):
            return
        if encoding in _AMBIGUOUS_ENCODINGS:
            raise InvalidValueError(
                f"{self.name}: Python and PostgreSQL do not agree on the client_encoding "
                f"of the connection ({encoding}): SET it to UTF8"
            )
        for parameter, param in zip(self._plan, params, strict=True):
            try:
                (param or "").encode(encoding)
            except UnicodeEncodeError as error:
                raise InvalidValueError(
                    f"{self.name}: {parameter.label}: {error.object[error.start]!r} is not "
                    f"in the client_encoding of the connection ({encoding}): SET it to UTF8"
                ) from None


class Call(NamedTuple, Generic[T]):
    """A query with its parameters, ready to be sent."""

    query: "Query[..., T]"
    params: list[str | None]


class Query(_Statement[P], Returning[P, T]):
    """A declared query with a result of type T."""

    def __init__(self, function: Callable[P, T], name: str, file: Path) -> None:
        super().__init__(function, name, file)
        row_type, self._least, self._most = _rows(self._returns)
        self._row_type = _row_type(name, self._returns, row_type)
        has_rows = self._row_type is not None
        self.row_factory = RowFactory(name, self._row_type) if has_rows else tuple_row

    def _run(self, conn: Connection[Any], *args: P.args, **kwargs: P.kwargs) -> T:
        return execute(conn, self.bind(*args, **kwargs))

    async def _run_async(
        self, conn: AsyncConnection[Any], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await execute_async(conn, self.bind(*args, **kwargs))

    def bind(self, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Return the query with its parameters, to be sent. Raises InvalidValueError."""
        return Call(self, self.parameters(*args, **kwargs))

    def has_rows(self, cursor: Cursor | AsyncCursor) -> bool:
        """Tell if there are rows to fetch. Raises QueryError if not as declared."""
        wants_columns = self._row_type is not None
        has_columns = cursor.pgresult is not None and cursor.pgresult.nfields > 0
        if has_columns != wants_columns:
            raise self._not_as_declared("some columns" if has_columns else "no columns")
        if not self._least <= cursor.rowcount <= self._most:
            raise self._not_as_declared(f"{cursor.rowcount} rows")
        return wants_columns

    def _not_as_declared(self, what: str) -> QueryError:
        returns = self._signature.return_annotation
        return QueryError(
            f"{self.name}: the statement gives {what}, but the function returns {returns}"
        )

    def result(self, cursor: Cursor | AsyncCursor, rows: list[Any]) -> T:
        """Return what the declaration makes of the rows, or of their count."""
        result: Any
        if self._row_type is None:
            count = cursor.rowcount
            result = {bool: count == 1, int: count, NoneType: None}[self._returns]
        elif self._most == 1:
            result = rows[0] if rows else None
        else:
            result = rows
        return cast("T", result)


def _row_type(name: str, returns: Any, row_type: Any) -> Any:
    if not can_be_row(row_type):
        raise QueryError(f"{name}: {returns} is no type of a result")
    return row_type


def _rows(returns: Any) -> tuple[Any, float, float]:
    """Return the type of a row, if rows are wanted, and the least and most of them."""
    if returns is NoneType:
        return None, -inf, inf
    if returns in (bool, int):
        return None, 0, 1 if returns is bool else inf
    if get_origin(returns) is list:
        return get_args(returns)[0], 0, inf
    if NoneType in get_args(returns):
        row_type = without_none(returns)
        return row_type if is_struct(row_type) else returns, 0, 1
    return returns, 1, 1


def check_encoding(conn: AnyConnection, *calls: Call[Any]) -> None:
    """Raise InvalidValueError if the client_encoding does not have a character."""
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
    return query.result(cursor, cursor.fetchall() if query.has_rows(cursor) else [])


def execute(conn: Connection[Any], call: Call[T]) -> T:
    """Send a query and return its result. Raises InvalidValueError, with nothing sent."""
    check_encoding(conn, call)
    cursor = cursor_for(conn, call)
    # Within a pipeline of the caller's, this one ends with the result.
    with conn.pipeline() if conn.pgconn.pipeline_status else nullcontext():
        start(cursor, call)
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
    return query.result(cursor, await cursor.fetchall() if query.has_rows(cursor) else [])


async def execute_async(conn: AsyncConnection[Any], call: Call[T]) -> T:
    """Send a query and return its result. Raises InvalidValueError, with nothing sent."""
    check_encoding(conn, call)
    cursor = async_cursor_for(conn, call)
    async with conn.pipeline() if conn.pgconn.pipeline_status else nullcontext():
        await start_async(cursor, call)
    return await finish_async(cursor, call)


class Stream(_Statement[P], Generic[P, T]):
    """A declared query whose rows come as they are asked for, by a server-side cursor.

    In autocommit the cursor is WITH HOLD, so that other calls commit while it is open; the
    server keeps the rows meanwhile. Otherwise it lives in the caller's transaction.
    """

    _numbers = count(1)

    def __init__(self, function: Callable[P, Iterator[T]], name: str, file: Path) -> None:
        super().__init__(function, name, file)
        row_type = _row_type(name, self._returns, get_args(self._returns)[0])
        self._row_factory = RowFactory(name, row_type)

    @overload
    def __call__(
        self, conn: Connection[Any], /, *args: P.args, **kwargs: P.kwargs
    ) -> Iterator[T]: ...

    @overload
    def __call__(
        self, conn: AsyncConnection[Any], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[T]: ...

    def __call__(self, conn: Any = None, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Return the rows, to be iterated over once."""
        iterate = self._by_kind(conn, self._iterate, self._iterate_async)
        params = self.parameters(*args, **kwargs)
        self.check_encoding(conn, params)
        return iterate(conn, params)

    def _cursor_options(self, conn: AnyConnection) -> dict[str, Any]:
        return {
            "name": f"{self.name}_{next(self._numbers)}",
            "row_factory": self._row_factory,
            "withhold": conn.autocommit,
        }

    def _iterate(self, conn: Connection[Any], params: list[str | None]) -> Iterator[T]:
        with ServerCursor(conn, **self._cursor_options(conn)) as cursor:
            yield from cursor.execute(self.statement, params, binary=True)

    async def _iterate_async(
        self, conn: AsyncConnection[Any], params: list[str | None]
    ) -> AsyncIterator[T]:
        async with AsyncServerCursor(conn, **self._cursor_options(conn)) as cursor:
            async for row in await cursor.execute(self.statement, params, binary=True):
                yield row


class Queries:
    """A folder of SQL files, and the decorator that declares their functions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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
        function's parameters, or if one of these cannot be sent.
        """
        module = function.__module__.rpartition(".")[2]
        name = function.__name__.removeprefix("_")
        file = self.folder / module / f"{name}.sql"
        returns = get_type_hints(function).get("return")
        declare = Stream[P, Any] if get_origin(returns) is Iterator else Query[P, Any]
        statement = self.statements[file] = declare(function, f"{module}.{name}", file)
        return statement

    def check_complete(self) -> None:
        """Raise QueryError if a file in the folder has no function.

        To be called once the modules that declare the functions are imported.
        """
        for file in sorted(self.folder.rglob("*.sql")):
            if file not in self.statements:
                raise QueryError(
                    f"{file} has no function: declare {file.parent.name}.{file.stem}"
                )
