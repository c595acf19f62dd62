"""A declared query whose rows come as they are asked for, by a server-side cursor."""

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, get_args, overload

from psycopg import AsyncConnection, Connection

from .rows import AsyncServerCursor, RowFactory, ServerCursor, checked_row_type
from .statement import AnyConnection, Statement

P = ParamSpec("P")
T = TypeVar("T")


class Rows(Iterator[T]):
    """The rows of a stream, once. One that is left before its end has to be closed.

    To be closed by close() or a with block, in any state of the transaction. Otherwise
    the server keeps the cursor until the transaction ends or, in autocommit, the session.
    """

    def __init__(
        self, conn: Connection[Any], statement: bytes, params: Any, options: dict[str, Any]
    ) -> None:
        self._conn = conn
        self._query = (statement, params)
        self._options = options
        self._cursor: ServerCursor | None = None
        self._is_over = False

    def __next__(self) -> T:
        if self._is_over:
            raise StopIteration
        if self._cursor is None:
            cursor = ServerCursor(self._conn, **self._options)
            try:
                cursor.execute(*self._query, binary=True)
            except BaseException:
                cursor.forget()
                raise
            self._cursor = cursor
        try:
            row: T = next(self._cursor)
        except StopIteration:
            self._is_over = True
            self._cursor.close()
            raise
        return row

    def close(self) -> None:
        """Close the cursor, if the server still has it."""
        self._is_over = True
        if self._cursor is not None and not self._cursor.closed:
            self._cursor.forget()
            # Of a cursor that another object has made psycopg looks if it is still there.
            # Once the transaction has ended it is not, and to close it would be an error.
            ServerCursor(self._conn, **self._options).close()

    def __enter__(self) -> "Rows[T]":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class AsyncRows(AsyncIterator[T]):
    """The same from an async connection, with aclose() and async with."""

    def __init__(
        self,
        conn: AsyncConnection[Any],
        statement: bytes,
        params: Any,
        options: dict[str, Any],
    ) -> None:
        self._conn = conn
        self._query = (statement, params)
        self._options = options
        self._cursor: AsyncServerCursor | None = None
        self._is_over = False

    async def __anext__(self) -> T:
        if self._is_over:
            raise StopAsyncIteration
        if self._cursor is None:
            cursor = AsyncServerCursor(self._conn, **self._options)
            try:
                await cursor.execute(*self._query, binary=True)
            except BaseException:
                await cursor.forget()
                raise
            self._cursor = cursor
        try:
            row: T = await anext(self._cursor)
        except StopAsyncIteration:
            self._is_over = True
            await self._cursor.close()
            raise
        return row

    async def aclose(self) -> None:
        """Close the cursor, if the server still has it."""
        self._is_over = True
        if self._cursor is not None and not self._cursor.closed:
            await self._cursor.forget()
            await AsyncServerCursor(self._conn, **self._options).close()

    async def __aenter__(self) -> "AsyncRows[T]":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()


class Stream(Statement[P], Generic[P, T]):
    """A declared query whose rows come as they are asked for.

    In autocommit the cursor is WITH HOLD, so that other calls commit while it is open; the
    server keeps the rows meanwhile. Otherwise it lives in the caller's transaction.
    """

    _numbers = count(1)

    def __init__(self, function: Callable[P, Iterator[T]], name: str, file: Path) -> None:
        super().__init__(function, name, file)
        (row_type,) = get_args(self._returns) or (None,)
        self._row_factory = RowFactory(
            name, checked_row_type(name, self._returns, row_type)
        )

    @overload
    def __call__(
        self, conn: Connection[Any], /, *args: P.args, **kwargs: P.kwargs
    ) -> Rows[T]: ...

    @overload
    def __call__(
        self, conn: AsyncConnection[Any], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncRows[T]: ...

    def __call__(self, conn: Any = None, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Return the rows, to be iterated over once."""
        rows = self._by_kind(conn, Rows[T], AsyncRows[T])
        params = self.parameters(*args, **kwargs)
        self.check_encoding(conn, params)
        return rows(conn, self.statement, params, self._cursor_options(conn))

    def _cursor_options(self, conn: AnyConnection) -> dict[str, Any]:
        return {
            "name": f"{self.name}_{next(self._numbers)}",
            "row_factory": self._row_factory,
            "withhold": conn.autocommit,
        }
