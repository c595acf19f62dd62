"""The module's ports over the calls of this package, for sync and async hosts.

A host gives the way to get a connection and the two functions that are its own: what writes
the content of a draft, and what collects the assets of a draft. They run while no
connection is held, so that a slow one keeps neither a lock nor a place in a pool.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    suppress,
)
from datetime import UTC, datetime
from secrets import randbits
from time import time_ns
from typing import Any, TypeVar, cast
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection, Connection

from . import bundles, drafts
from .dtos import AssetDTO, ContentDraftDTO, DraftBundleDTO
from .errors import AlreadyExistsError, NotFoundError
from .ports import (
    AssetAssemblePort,
    AsyncAssetAssemblePort,
    AsyncDraftGeneratePort,
    AsyncProductionQueryPort,
    DraftGeneratePort,
    ProductionQueryPort,
)

__all__ = ["AsyncProductionAdapter", "DraftContent", "ProductionAdapter", "new_id"]

T = TypeVar("T")
# A host may have types of its own for its ids, made by NewType.
StrategyId = TypeVar("StrategyId", bound=str)


class DraftContent(Struct, frozen=True, kw_only=True):
    """What a host writes for a strategy: a draft without its ids and its time."""

    content_type: str
    """Such as "blog_post"; any text without NUL."""
    body: str
    """Any text without NUL, of any length."""
    metadata: dict[str, Any] = {}
    """As that of a ContentDraftDTO: what JSON can hold, with str keys."""


def new_id() -> str:
    """Return a UUIDv7 as text: as text too, later ones sort after earlier ones.

    They are ordered to a quarter of a microsecond, by the clock of the machine.
    """
    milliseconds, rest = divmod(time_ns(), 1_000_000)
    # The fraction of the millisecond in the 12 bits beside the version: RFC 9562, 6.2.
    fraction = (rest << 12) // 1_000_000
    high = milliseconds << 16 | 7 << 12 | fraction
    return str(UUID(int=high << 64 | 0b10 << 62 | randbits(62)))


class _Steps:
    """The logic, written once: what it awaits is ready at once in a sync host."""

    def __init__(
        self,
        connection: Callable[[], AbstractAsyncContextManager[Any]],
        result: Callable[[Any], Awaitable[Any]],
        write_draft: Callable[[Any], Any],
        collect_assets: Callable[[ContentDraftDTO], Any],
    ) -> None:
        self._connection = connection
        self._result = result
        self._write_draft = write_draft
        self._collect_assets = collect_assets

    async def get_draft(self, draft_id: str) -> ContentDraftDTO:
        async with self._connection() as conn:
            return await self._draft(conn, draft_id)

    async def generate_draft(
        self, strategy_id: str, draft_id: str | None
    ) -> ContentDraftDTO:
        if draft_id is not None:
            async with self._connection() as conn:
                stored = await self._result(drafts.fetch(conn, draft_id))
            if stored is not None:
                return _of_strategy(stored, strategy_id)
        content: DraftContent = await self._result(self._write_draft(strategy_id))
        draft = ContentDraftDTO(
            draft_id=draft_id or new_id(),
            strategy_id=strategy_id,
            content_type=content.content_type,
            body=content.body,
            metadata=content.metadata,
            created_at=datetime.now(UTC),
        )
        async with self._connection() as conn:
            # Another call with this id may have been faster: then its draft is the one.
            with suppress(AlreadyExistsError):
                await self._result(drafts.create(conn, draft))
            return _of_strategy(await self._draft(conn, draft.draft_id), strategy_id)

    async def assemble_bundle(self, draft_id: str, bundle_id: str | None) -> DraftBundleDTO:
        async with self._connection() as conn:
            draft = await self._draft(conn, draft_id)
            stored = None
            if bundle_id is not None:
                stored = await self._result(bundles.fetch(conn, bundle_id))
        if stored is not None:
            return _of_draft(stored, draft_id)
        collected = await self._result(self._collect_assets(draft))
        bundle = DraftBundleDTO(
            bundle_id=bundle_id or new_id(),
            draft_id=draft_id,
            assets=list(collected),
            assembled_at=datetime.now(UTC),
        )
        async with self._connection() as conn:
            # It may have been discarded while its assets were collected.
            await self._draft(conn, draft_id)
            with suppress(AlreadyExistsError):
                await self._result(bundles.create(conn, bundle))
            stored = await self._result(bundles.fetch(conn, bundle.bundle_id))
            if stored is None:
                raise _not_found("bundle", bundle.bundle_id)
            return _of_draft(stored, draft_id)

    async def _draft(self, conn: Any, draft_id: str) -> ContentDraftDTO:
        draft: ContentDraftDTO | None = await self._result(drafts.fetch(conn, draft_id))
        if draft is None:
            raise _not_found("draft", draft_id)
        return draft


def _not_found(what: str, key: str) -> NotFoundError:
    return NotFoundError(f"{what} {key!r} is not stored: was it discarded?")


def _of_strategy(stored: ContentDraftDTO, strategy_id: str) -> ContentDraftDTO:
    if stored.strategy_id != strategy_id:
        raise AlreadyExistsError(
            f"draft {stored.draft_id!r} exists, of strategy {stored.strategy_id!r} and not "
            f"{strategy_id!r}: give another draft_id"
        )
    return stored


def _of_draft(stored: DraftBundleDTO, draft_id: str) -> DraftBundleDTO:
    if stored.draft_id != draft_id:
        raise AlreadyExistsError(
            f"bundle {stored.bundle_id!r} exists, of draft {stored.draft_id!r} and not "
            f"{draft_id!r}: give another bundle_id"
        )
    return stored


async def _value(value: Any) -> Any:
    return value


async def _awaited(value: Any) -> Any:
    return await value


def _run(steps: Coroutine[Any, Any, T]) -> T:
    try:
        steps.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    raise AssertionError


class ProductionAdapter(DraftGeneratePort, AssetAssemblePort, ProductionQueryPort):
    """The three ports, over connections of psycopg.

    connection is called without arguments for a context manager that gives a Connection
    and commits at its end, such as the ``connection`` of a ConnectionPool. write_draft is
    called with a strategy_id, and collect_assets with a draft, for its assets in their
    order. Several threads may call the methods at once, if these three may be called so.
    """

    def __init__(
        self,
        connection: Callable[[], AbstractContextManager[Connection[Any]]],
        write_draft: Callable[[StrategyId], DraftContent],  # pyright: ignore[reportInvalidTypeVarUse]
        collect_assets: Callable[[ContentDraftDTO], Iterable[AssetDTO]],
    ) -> None:
        @asynccontextmanager
        async def connected() -> AsyncGenerator[Connection[Any]]:
            with connection() as conn:
                yield conn

        self._steps = _Steps(connected, _value, write_draft, collect_assets)

    def get_draft(self, draft_id: str) -> ContentDraftDTO:
        """Return the draft with this id, in a transaction of its own.

        Raises NotFoundError for an unknown one, InvalidValueError, before anything is sent,
        for what no id can be, and the driver's errors.
        """
        return _run(self._steps.get_draft(draft_id))

    def generate_draft(
        self, strategy_id: str, *, draft_id: str | None = None
    ) -> ContentDraftDTO:
        """Have a draft written for the strategy, store it, and return it as it is stored.

        Without a draft_id it is given a new one, by new_id. With one the call can be made
        again, say after a crash: if such a draft is stored, it is returned as it is, and
        write_draft is not called. Of several calls at once with one draft_id the first to
        store its draft decides, and the others return that; in SERIALIZABLE and REPEATABLE
        READ one may get the driver's SerializationFailure.

        write_draft runs between two transactions: one that looks for the draft_id, if it is
        given, and one that stores the draft. Raises AlreadyExistsError if the draft with
        this id is of another strategy, NotFoundError if it is discarded meanwhile,
        InvalidValueError for a value that cannot be stored, what write_draft raises, and
        the driver's errors. Nothing is stored then, unless the connection is lost during
        the COMMIT.
        """
        return _run(self._steps.generate_draft(strategy_id, draft_id))

    def assemble_bundle(
        self, draft_id: str, *, bundle_id: str | None = None
    ) -> DraftBundleDTO:
        """Collect the assets of a draft, store them as a bundle, and return it as stored.

        Without a bundle_id it is given a new one, by new_id. With one the call can be made
        again, as with generate_draft: if such a bundle is stored, it is returned as it is,
        and collect_assets is not called.

        collect_assets runs between two transactions: one that fetches the draft, and one
        that stores the bundle. Raises NotFoundError for an unknown draft, also if it is
        discarded while its assets are collected (a discard at the very moment of the second
        transaction may leave the bundle behind); AlreadyExistsError if the bundle with this
        id is of another draft; AssetConflictError if an asset belongs to another bundle;
        InvalidValueError for a value that cannot be stored or an asset that is listed
        twice, what collect_assets raises, and the driver's errors. Nothing is stored then,
        unless the connection is lost during the COMMIT.
        """
        return _run(self._steps.assemble_bundle(draft_id, bundle_id))


class AsyncProductionAdapter(
    AsyncDraftGeneratePort, AsyncAssetAssemblePort, AsyncProductionQueryPort
):
    """The three ports for async hosts, over async connections of psycopg.

    connection is called without arguments for an async context manager that gives an
    AsyncConnection and commits at its end, such as the ``connection`` of an
    AsyncConnectionPool. write_draft and collect_assets are async functions, called with a
    strategy_id, and with a draft for its assets in their order. Several tasks may call the
    methods at once, if these three may be called so.
    """

    def __init__(
        self,
        connection: Callable[[], AbstractAsyncContextManager[AsyncConnection[Any]]],
        write_draft: Callable[[StrategyId], Awaitable[DraftContent]],  # pyright: ignore[reportInvalidTypeVarUse]
        collect_assets: Callable[[ContentDraftDTO], Awaitable[Iterable[AssetDTO]]],
    ) -> None:
        self._steps = _Steps(connection, _awaited, write_draft, collect_assets)

    async def get_draft(self, draft_id: str) -> ContentDraftDTO:
        """Return the draft with this id, in a transaction of its own.

        Raises NotFoundError for an unknown one, InvalidValueError, before anything is sent,
        for what no id can be, and the driver's errors.
        """
        return await self._steps.get_draft(draft_id)

    async def generate_draft(
        self, strategy_id: str, *, draft_id: str | None = None
    ) -> ContentDraftDTO:
        """Have a draft written for the strategy, store it, and return it as it is stored.

        Without a draft_id it is given a new one, by new_id. With one the call can be made
        again, say after a crash: if such a draft is stored, it is returned as it is, and
        write_draft is not called. Of several calls at once with one draft_id the first to
        store its draft decides, and the others return that; in SERIALIZABLE and REPEATABLE
        READ one may get the driver's SerializationFailure.

        write_draft runs between two transactions: one that looks for the draft_id, if it is
        given, and one that stores the draft. Raises AlreadyExistsError if the draft with
        this id is of another strategy, NotFoundError if it is discarded meanwhile,
        InvalidValueError for a value that cannot be stored, what write_draft raises, and
        the driver's errors. Nothing is stored then, unless the connection is lost during
        the COMMIT.
        """
        return await self._steps.generate_draft(strategy_id, draft_id)

    async def assemble_bundle(
        self, draft_id: str, *, bundle_id: str | None = None
    ) -> DraftBundleDTO:
        """Collect the assets of a draft, store them as a bundle, and return it as stored.

        Without a bundle_id it is given a new one, by new_id. With one the call can be made
        again, as with generate_draft: if such a bundle is stored, it is returned as it is,
        and collect_assets is not called.

        collect_assets runs between two transactions: one that fetches the draft, and one
        that stores the bundle. Raises NotFoundError for an unknown draft, also if it is
        discarded while its assets are collected (a discard at the very moment of the second
        transaction may leave the bundle behind); AlreadyExistsError if the bundle with this
        id is of another draft; AssetConflictError if an asset belongs to another bundle;
        InvalidValueError for a value that cannot be stored or an asset that is listed
        twice, what collect_assets raises, and the driver's errors. Nothing is stored then,
        unless the connection is lost during the COMMIT.
        """
        return await self._steps.assemble_bundle(draft_id, bundle_id)
