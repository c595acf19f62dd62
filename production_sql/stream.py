"""A declared query whose rows come as they are asked for, by a server-side cursor."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, get_args, overload
from uuid import uuid4

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.pq import TransactionStatus

from .errors import ProductionError
from .rows import (
    AnyConnection,
    AsyncServerCursor,
    RowFactory,
    ServerCursor,
    checked_row_type,
    is_utf8,
)
from .statement import Statement

P = ParamSpec("P")
T = TypeVar("T")
_PAGE_SIZE = 100


class Rows(Iterator[T]):
    """The rows of a stream, once. One that is left before its end has to be closed.

    To be closed by close() or a with block, outside of a pipeline. Otherwise the server
    keeps the cursor until the transaction ends or, in autocommit, the session. In a failed
    transaction block it cannot be closed, but after it. A stream that was cut off, by an
    error or a cancelled task, does not go on.
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
        self._is_cut = False
        self._is_closed = False

    def __next__(self) -> T:
        if self._is_cut:
            raise _cut(self._options)
        while not self._is_over:
            for row in self._page:
                return row
            if self._is_last_page:
                self.close()
                break
            _refuse_pipeline(self._conn, self._options)
            # What is cut off here has rows that nobody knows of: there is no going on.
            self._is_cut = True
            page = self._next_page()
            self._page, self._is_last_page = iter(page), len(page) < _PAGE_SIZE
            self._is_cut = False
        raise StopIteration

    def _next_page(self) -> list[T]:
        if self._cursor is None:
            self._cursor = ServerCursor(self._conn, **self._options)
            try:
                self._cursor.execute(*self._query, binary=True)
            except psycopg.Error:
                self._is_closed = True
                self._cursor.forget()
                raise
            except Exception:
                self.close()
                raise
        return self._cursor.fetchmany(_PAGE_SIZE)

    def close(self) -> None:
        """Close the cursor, if the server still has it."""
        self._is_over = True
        if self._cursor is None or self._is_closed:
            return
        _refuse_pipeline(self._conn, self._options)
        if self._conn.info.transaction_status == TransactionStatus.INERROR:
            if not self._options["withhold"]:
                self._cursor.forget()  # it goes with the transaction
            return
        # Of a cursor that another object has made psycopg looks if it is still there. Once
        # the transaction has ended it is not, and to close it would be an error.
        closing = ServerCursor(self._conn, **self._options)
        try:
            closing.close()
        finally:
            closing.forget()
        self._cursor.forget()
        self._is_closed = True

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
        self._is_cut = False
        self._is_closed = False

    async def __anext__(self) -> T:
        if self._is_cut:
            raise _cut(self._options)
        while not self._is_over:
            for row in self._page:
                return row
            if self._is_last_page:
                await self.aclose()
                break
            _refuse_pipeline(self._conn, self._options)
            self._is_cut = True
            page = await self._next_page()
            self._page, self._is_last_page = iter(page), len(page) < _PAGE_SIZE
            self._is_cut = False
        raise StopAsyncIteration

    async def _next_page(self) -> list[T]:
        if self._cursor is None:
            self._cursor = AsyncServerCursor(self._conn, **self._options)
            try:
                await self._cursor.execute(*self._query, binary=True)
            except psycopg.Error:
                self._is_closed = True
                await self._cursor.forget()
                raise
            except Exception:
                await self.aclose()
                raise
        return await self._cursor.fetchmany(_PAGE_SIZE)

    async def aclose(self) -> None:
        """Close the cursor, if the server still has it."""
        self._is_over = True
        if self._cursor is None or self._is_closed:
            return
        _refuse_pipeline(self._conn, self._options)
        if self._conn.info.transaction_status == TransactionStatus.INERROR:
            if not self._options["withhold"]:
                await self._cursor.forget()
            return
        self._is_closed = True
        await self._cursor.forget()
        # In a task of its own, which ends also if this one is cancelled.
        closing = asyncio.create_task(self._close())
        closing.add_done_callback(lambda task: task.cancelled() or task.exception())
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


def _cut(options: dict[str, Any]) -> ProductionError:
    return ProductionError(
        f"the stream {options['row_factory'].query} was cut off, and rows of it are lost: "
        "call the query again"
    )


def _refuse_pipeline(conn: AnyConnection, options: dict[str, Any]) -> None:
    if conn.pgconn.pipeline_status:
        raise psycopg.NotSupportedError(
            f"the stream {options['row_factory'].query} cannot be read or closed in "
            "pipeline mode"
        )


class Stream(Statement[P], Generic[P, T]):
    """A declared query whose rows come as they are asked for.

    In autocommit the cursor is WITH HOLD, so that other calls commit while it is open; the
    server keeps the rows meanwhile. Otherwise it lives in the caller's transaction.
    """

    def __init__(self, function: Callable[P, Iterator[T]], name: str, file: Path) -> None:
        super().__init__(function, name, file)
        (row_type,) = get_args(self.returns) or (None,)
        self.row_type = checked_row_type(name, self.returns, row_type)
        self._row_factory = RowFactory(name, self.row_type)

    @overload
    def __call__(
        self, conn: Connection[Any], /, *args: P.args, **kwargs: P.kwargs
    ) -> Rows[T]: ...

    @overload
    def __call__(
        self, conn: AsyncConnection[Any], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncRows[T]: ...

    def __call__(self, conn: Any = None, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Return the rows, to be iterated over once, to the end or until closed.

        Nothing is sent before the first row is asked for. In autocommit they are those of
        one moment, whatever is committed meanwhile; otherwise they end with the caller's
        transaction. The driver's errors pass through unchanged.
        """
        rows = self._by_kind(conn, Rows[T], AsyncRows[T])
        params = self.parameters(*args, **kwargs)
        if not is_utf8(conn):
            self.check_encoding(conn, params)
        return rows(conn, (self.statement, params), self._cursor_options(conn))

    def _cursor_options(self, conn: AnyConnection) -> dict[str, Any]:
        return {
            # The session may be a pooler's, and other processes' streams there too; and of
            # a name no more than this is kept by the server.
            "name": f"{uuid4().hex}_{self.name}".encode()[:63].decode(errors="ignore"),
            "row_factory": self._row_factory,
            "withhold": conn.autocommit,
        }
