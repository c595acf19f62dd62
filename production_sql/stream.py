"""A declared query whose rows come as they are asked for, by a server-side cursor."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, get_args, overload

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.pq import TransactionStatus

from .rows import AsyncServerCursor, RowFactory, ServerCursor, checked_row_type
from .statement import AnyConnection, Statement

P = ParamSpec("P")
T = TypeVar("T")
_PAGE_SIZE = 100


class Rows(Iterator[T]):
    """The rows of a stream, once. One that is left before its end has to be closed.

    To be closed by close() or a with block, outside of a pipeline. Otherwise the server
    keeps the cursor until the transaction ends or, in autocommit, the session. If that is
    in a failed transaction block, it can only be closed after it.
    """

    def __init__(
        self, conn: Connection[Any], query: tuple[bytes, Any], options: dict[str, Any]
    ) -> None:
        self._conn = conn
        self._query = query
        self._options = options
        self._cursor: ServerCursor | None = None
        self._page: Iterator[T] = iter(())
        self._is_last_page = False
        self._is_over = False

    def __next__(self) -> T:
        if self._cursor is None and not self._is_over:
            self._cursor = ServerCursor(self._conn, **self._options)
            try:
                self._cursor.execute(*self._query, binary=True)
            except psycopg.Error:
                self._is_over = True
                self._cursor.forget()
                raise
            except Exception:
                self.close()
                raise
            except BaseException:  # who is interrupted here closes it later
                self._is_over = True
                raise
        while self._cursor is not None and not self._is_over:
            for row in self._page:
                return row
            if self._is_last_page:
                self.close()
            else:
                page = self._cursor.fetchmany(_PAGE_SIZE)
                self._page, self._is_last_page = iter(page), len(page) < _PAGE_SIZE
        raise StopIteration

    def close(self) -> None:
        """Close the cursor, if the server still has it."""
        self._is_over = True
        if self._cursor is None or self._cursor.closed:
            return
        if _must_wait(self._conn, self._options):
            return
        # Of a cursor that another object has made psycopg looks if it is still there. Once
        # the transaction has ended it is not, and to close it would be an error.
        closing = ServerCursor(self._conn, **self._options)
        try:
            closing.close()
        finally:
            closing.forget()
        self._cursor.forget()

    def __enter__(self) -> "Rows[T]":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class AsyncRows(AsyncIterator[T]):
    """The same from an async connection, with aclose() and async with."""

    def __init__(
        self, conn: AsyncConnection[Any], query: tuple[bytes, Any], options: dict[str, Any]
    ) -> None:
        self._conn = conn
        self._query = query
        self._options = options
        self._cursor: AsyncServerCursor | None = None
        self._page: Iterator[T] = iter(())
        self._is_last_page = False
        self._is_over = False

    async def __anext__(self) -> T:
        if self._cursor is None and not self._is_over:
            self._cursor = AsyncServerCursor(self._conn, **self._options)
            try:
                await self._cursor.execute(*self._query, binary=True)
            except psycopg.Error:
                self._is_over = True
                await self._cursor.forget()
                raise
            except Exception:
                await self.aclose()
                raise
            except BaseException:
                self._is_over = True
                raise
        while self._cursor is not None and not self._is_over:
            for row in self._page:
                return row
            if self._is_last_page:
                await self.aclose()
            else:
                page = await self._cursor.fetchmany(_PAGE_SIZE)
                self._page, self._is_last_page = iter(page), len(page) < _PAGE_SIZE
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the cursor, if the server still has it."""
        self._is_over = True
        if self._cursor is None or self._cursor.closed:
            return
        if _must_wait(self._conn, self._options):
            return
        await self._cursor.forget()
        # In a task of its own, which ends also if this one is cancelled.
        closing = asyncio.create_task(self._close())
        await asyncio.wait([closing])
        closing.result()

    async def _close(self) -> None:
        closing = AsyncServerCursor(self._conn, **self._options)
        try:
            await closing.close()
        finally:
            await closing.forget()

    async def __aenter__(self) -> "AsyncRows[T]":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()


def _must_wait(conn: AnyConnection, options: dict[str, Any]) -> bool:
    """Tell if a cursor cannot be closed yet, and will not go by itself either."""
    if conn.pgconn.pipeline_status:
        raise psycopg.NotSupportedError(
            f"the stream {options['name']} cannot be closed in pipeline mode"
        )
    is_failed = conn.info.transaction_status == TransactionStatus.INERROR
    return is_failed and bool(options["withhold"])


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
        return rows(conn, (self.statement, params), self._cursor_options(conn))

    def _cursor_options(self, conn: AnyConnection) -> dict[str, Any]:
        return {
            "name": f"{self.name}_{next(self._numbers)}",
            "row_factory": self._row_factory,
            "withhold": conn.autocommit,
        }
