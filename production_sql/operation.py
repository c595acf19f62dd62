"""Calls of more than one statement, declared once for both kinds of connection.

An operation is a generator that yields what is to be sent and is given the results:

    @operation
    def publish(post: Post) -> Steps[int]:
        if not (yield from once(store.bind(post))):
            raise AlreadyExistsError(f"post {post.id}")
        _, readers = yield from atomic(touch.bind(post.author), count.bind(post.author))
        return readers

``once`` sends one query. ``atomic`` sends queries together, in one round trip, and either
all of them take effect or none. ``take`` reads from an iterator of either kind.

The caller owns the transaction. On a connection that is not in autocommit nothing is ever
committed, and within a transaction ``atomic`` is a savepoint; in autocommit it is a
transaction of its own. The driver's error of a step is raised in the generator, once the
step is undone; errors that the generator raises pass to the caller and undo nothing, so a
refusal has to come before any write. An ``atomic_operation`` is a transaction or savepoint
as a whole, and whatever error leaves it has undone it.
"""

import asyncio
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Generator,
    Iterator,
    Sequence,
)
from contextlib import nullcontext, suppress
from itertools import islice
from typing import (
    Any,
    NamedTuple,
    ParamSpec,
    TypeAlias,
    TypeVar,
    cast,
    get_args,
    get_type_hints,
    overload,
)

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection, Connection
from psycopg.pq import TransactionStatus

from . import transaction
from .errors import QueryError
from .rows import AnyConnection, AsyncCursor, Cursor
from .runner import (
    Call,
    Returning,
    async_cursor_for,
    check_encoding,
    cursor_for,
    execute,
    execute_async,
    finish,
    finish_async,
    start,
    start_async,
)

P = ParamSpec("P")
T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")


class _Batch(Struct):
    calls: tuple[Call[Any], ...]
    is_atomic: bool
    prepare: bool | None = None


class _Take(Struct):
    items: Iterator[Any] | AsyncIterator[Any]
    at_most: int


_Step: TypeAlias = _Batch | _Take
Steps: TypeAlias = Generator[_Step, list[Any], T]


def take(items: Iterator[T] | AsyncIterator[T], at_most: int) -> Steps[list[T]]:
    """Return the next items, at_most of them; none at the end.

    An async iterator takes an async connection, or it is a TypeError.
    """
    return (yield _Take(items, at_most))


def once(call: Call[T], *, prepare: bool | None = None) -> Steps[T]:
    """Send one query and return its result.

    As ``yield from once(fetch.bind(post_id))``. It is a statement of the caller's
    transaction, or in autocommit one of its own. Raises QueryError if the result is not as
    declared, and the driver's errors, after which the caller's transaction is to be rolled
    back. prepare is that of psycopg.
    """
    result: list[T] = yield _Batch((call,), is_atomic=False, prepare=prepare)
    return result[0]


@overload
def atomic(call: Call[T1], /, *, prepare: bool | None = None) -> Steps[tuple[T1]]: ...
@overload
def atomic(call1: Call[T1], call2: Call[T2], /) -> Steps[tuple[T1, T2]]: ...
@overload
def atomic(
    call1: Call[T1], call2: Call[T2], call3: Call[T3], /
) -> Steps[tuple[T1, T2, T3]]: ...
@overload
def atomic(
    call1: Call[Any],
    call2: Call[Any],
    call3: Call[Any],
    call4: Call[Any],
    /,
    *calls: Call[Any],
) -> Steps[tuple[Any, ...]]: ...


def atomic(*calls: Call[Any], prepare: bool | None = None) -> Steps[tuple[Any, ...]]:
    """Send queries together, all or nothing, and return their results as a tuple.

    One round trip. They are a savepoint in the caller's transaction, or in autocommit a
    transaction. Raises the driver's error of the first that fails, once all of them are
    undone: the caller's transaction goes on if that is caught. prepare is that of psycopg,
    for one by itself.
    """
    try:
        return tuple((yield _Batch(calls, is_atomic=True, prepare=prepare)))
    except psycopg.errors.InvalidSqlStatementName:
        # In an earlier step the query failed as it was prepared: see _prepare.
        return tuple((yield _Batch(calls, is_atomic=True, prepare=False)))


class Operation(Returning[P, T]):
    """A declared operation with a result of type T."""

    def __init__(self, function: Callable[P, Steps[T]], *, is_atomic: bool = False) -> None:
        module = function.__module__.rpartition(".")[2]
        super().__init__(function, f"{module}.{function.__name__}")
        if not (returns := get_args(get_type_hints(function).get("return"))):
            raise QueryError(f"{self.name}: the function does not return Steps")
        *_, result = returns
        self.__signature__ = self.__signature__.replace(return_annotation=result)
        self._function = function
        self._is_atomic = is_atomic

    def _steps(self, *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
        try:
            return self._function(*args, **kwargs)
        except TypeError:
            self._bind(args, kwargs)
            raise

    def _run(self, conn: Connection[Any], *args: P.args, **kwargs: P.kwargs) -> T:
        steps = self._steps(*args, **kwargs)
        if conn.pgconn.pipeline_status:
            with conn.pipeline():
                pass  # what fails of the caller's is the caller's error, not a step's
        try:
            step = next(steps)  # what is refused at once is refused with nothing sent
        except StopIteration as stop:
            return cast("T", stop.value)
        if not self._is_atomic:
            return _drive(conn, steps, step)
        with conn.lock:
            pass  # once no other thread has a statement under way, the status tells
        frame = _frame(conn, is_single=False)
        is_open = False
        try:
            for call in frame.before:
                execute(conn, call)
            is_open = True
            result = _drive(conn, steps, step)
            for call in frame.after:
                execute(conn, call)
            is_open = False
        except BaseException:
            if is_open:
                _undo(conn, frame)
            if conn.info.transaction_status == TransactionStatus.ACTIVE:
                conn.pgconn.finish()  # interrupted, and nobody knows what has been done
            raise
        return result

    async def _run_async(
        self, conn: AsyncConnection[Any], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        steps = self._steps(*args, **kwargs)
        if conn.pgconn.pipeline_status:
            async with conn.pipeline():
                pass
        try:
            step = next(steps)
        except StopIteration as stop:
            return cast("T", stop.value)
        if not self._is_atomic:
            return await _drive_async(conn, steps, step)
        async with conn.lock:
            pass
        frame = _frame(conn, is_single=False)
        is_open = False

        # Each in a task that ends: whether it was done has to be known.
        async def begin() -> None:
            nonlocal is_open
            for call in frame.before:
                await execute_async(conn, call)
            is_open = True

        async def end() -> None:
            nonlocal is_open
            for call in frame.after:
                await execute_async(conn, call)
            is_open = False

        try:
            await _to_its_end(conn, begin())
            result = await _drive_async(conn, steps, step)
            await _to_its_end(conn, end())
        except BaseException:
            if is_open:
                await _undo_async(conn, frame)
            raise
        return result


def _drive(conn: Connection[Any], steps: Steps[T], step: _Step) -> T:
    try:
        while True:
            try:
                results = _send(conn, step)
            except psycopg.Error as error:
                step = steps.throw(error)
            else:
                step = steps.send(results)
    except StopIteration as stop:
        return cast("T", stop.value)


async def _drive_async(conn: AsyncConnection[Any], steps: Steps[T], step: _Step) -> T:
    try:
        while True:
            try:
                results = await _send_async(conn, step)
            except psycopg.Error as error:
                step = steps.throw(error)
            else:
                step = steps.send(results)
    except StopIteration as stop:
        return cast("T", stop.value)


def operation(function: Callable[P, Steps[T]]) -> Operation[P, T]:
    """Declare a generator function to be an operation: a call of several statements.

    The function returns Steps[T], and its call with a connection first a T, or from an
    async one an awaitable of it. Each ``once`` is a statement and each ``atomic`` a unit of
    the caller's transaction; in autocommit each of them commits. What the function raises
    undoes nothing: refuse before you write. Raises QueryError if it does not return Steps.
    """
    return Operation(function)


def atomic_operation(function: Callable[P, Steps[T]]) -> Operation[P, T]:
    """Declare an operation whose steps take effect together or not at all.

    It is a savepoint in the caller's transaction, or in autocommit a transaction; whatever
    error leaves it has undone all of it. Raises QueryError if the function does not return
    Steps.
    """
    return Operation(function, is_atomic=True)


class _Frame(NamedTuple):
    """What goes before and after the queries of an atomic step, and what undoes them."""

    before: tuple[Call[None], ...] = ()
    after: tuple[Call[None], ...] = ()
    undo: tuple[Call[None], ...] = ()


_NO_FRAME = _Frame()
_TRANSACTION = _Frame(
    before=(transaction.begin.bind(),),
    after=(transaction.commit.bind(),),
    undo=(transaction.rollback.bind(),),
)
_SAVEPOINT = _Frame(
    before=(transaction.savepoint.bind(),),
    after=(transaction.release.bind(),),
    undo=(transaction.rollback_to.bind(), transaction.release.bind()),
)


def _frame(conn: AnyConnection, *, is_single: bool) -> _Frame:
    match conn.info.transaction_status:
        case TransactionStatus.IDLE if conn.autocommit:
            # A statement is atomic by itself.
            return _NO_FRAME if is_single else _TRANSACTION
        case TransactionStatus.IDLE | TransactionStatus.INTRANS:
            return _SAVEPOINT
        case _:
            return _NO_FRAME  # whatever is sent now fails, with the driver's error


def _is_open(cursors: Sequence[Cursor | AsyncCursor]) -> bool:
    """Tell if the server has done the first of the statements and not the last."""
    return cursors[0].pgresult is not None and cursors[-1].pgresult is None


def _is_lost(
    conn: AnyConnection, error: BaseException, is_pipeline: bool, is_nested: bool
) -> bool:
    """Tell if nobody knows what the server has done.

    psycopg loses count of the results of a pipeline that is interrupted by anything but
    the driver's error, such as Ctrl-C or a cancelled task, and may not get out of it.
    """
    is_interrupted = is_pipeline and not isinstance(error, psycopg.Error)
    return is_interrupted or bool(conn.pgconn.pipeline_status and not is_nested)


# The request to cancel a statement may come late, and then stop what undoes it.
_UNDO_ATTEMPTS = 2


def _prepare(call: Call[Any], batch: _Batch) -> bool | None:
    # What comes after a failure in a pipeline is never parsed, nor is what is stopped as it
    # waits for a table; but psycopg would take it for prepared from then on.
    return batch.prepare if call is batch.calls[0] else False


def _undo(conn: Connection[Any], frame: _Frame) -> None:
    for _ in range(_UNDO_ATTEMPTS):
        with suppress(psycopg.Error):
            for call in frame.undo:
                execute(conn, call)
            break


async def _undo_async(conn: AsyncConnection[Any], frame: _Frame) -> None:
    for _ in range(_UNDO_ATTEMPTS):
        with suppress(psycopg.Error):
            for call in frame.undo:
                await execute_async(conn, call)
            break


def _send(conn: Connection[Any], batch: _Step) -> list[Any]:
    if isinstance(batch, _Take):
        if isinstance(batch.items, AsyncIterator):
            raise TypeError("an async iterable takes an AsyncConnection")
        return list(islice(batch.items, batch.at_most))
    if not batch.is_atomic:
        return [execute(conn, call, prepare=batch.prepare) for call in batch.calls]
    check_encoding(conn, *batch.calls)
    with conn.lock:
        pass  # once no other thread has a statement under way, the status tells
    frame = _frame(conn, is_single=len(batch.calls) == 1)
    calls = frame.before + batch.calls + frame.after
    cursors = [cursor_for(conn, call) for call in calls]
    is_nested = bool(conn.pgconn.pipeline_status)
    is_pipeline = is_nested or len(calls) > 1
    try:
        with conn.pipeline() if is_pipeline else nullcontext():
            for cursor, call in zip(cursors, calls, strict=True):
                start(cursor, call, prepare=_prepare(call, batch))
    except BaseException as error:
        if _is_lost(conn, error, is_pipeline, is_nested):
            conn.pgconn.finish()
        elif _is_open(cursors):
            _undo(conn, frame)
        raise
    cursors = cursors[len(frame.before) :]
    return [finish(*pair) for pair in zip(cursors, batch.calls, strict=False)]


# How often the server is asked to stop, each time for a second: a request that comes
# before the statement does has no effect.
_STOP_ATTEMPTS = 5


async def _to_its_end(conn: AsyncConnection[Any], sending: Coroutine[Any, Any, T]) -> T:
    """Return the result of what sends a pipeline, which ends also if this is cancelled.

    It is the server that is told to stop, and the pipeline ends as one of which a statement
    failed. If this is cancelled again meanwhile, the connection is closed.
    """
    task = asyncio.create_task(sending)
    task.add_done_callback(lambda task: task.cancelled() or task.exception())
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        for _ in range(_STOP_ATTEMPTS):
            if task.done():
                break
            with suppress(psycopg.Error):
                await conn.cancel_safe(timeout=1)
            await asyncio.wait([task], timeout=1)
        raise
    finally:
        if task.cancel():
            conn.pgconn.finish()
    return task.result()


async def _send_async(conn: AsyncConnection[Any], batch: _Step) -> list[Any]:
    if isinstance(batch, _Take):
        if not isinstance(batch.items, AsyncIterator):
            return list(islice(batch.items, batch.at_most))
        taken: list[Any] = []
        while len(taken) < batch.at_most:
            try:
                taken.append(await anext(batch.items))
            except StopAsyncIteration:
                break
        return taken
    if not batch.is_atomic:
        return [
            await execute_async(conn, call, prepare=batch.prepare) for call in batch.calls
        ]
    check_encoding(conn, *batch.calls)
    async with conn.lock:
        pass
    frame = _frame(conn, is_single=len(batch.calls) == 1)
    calls = frame.before + batch.calls + frame.after
    cursors = [async_cursor_for(conn, call) for call in calls]
    is_nested = bool(conn.pgconn.pipeline_status)
    is_pipeline = is_nested or len(calls) > 1

    async def send() -> None:
        try:
            async with conn.pipeline() if is_pipeline else nullcontext():
                for cursor, call in zip(cursors, calls, strict=True):
                    await start_async(cursor, call, prepare=_prepare(call, batch))
        except BaseException as error:
            if _is_lost(conn, error, is_pipeline, is_nested):
                conn.pgconn.finish()
            elif _is_open(cursors):
                await _undo_async(conn, frame)
            raise

    await (_to_its_end(conn, send()) if is_pipeline else send())
    cursors = cursors[len(frame.before) :]
    return [await finish_async(*pair) for pair in zip(cursors, batch.calls, strict=False)]
