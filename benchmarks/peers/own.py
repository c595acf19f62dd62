"""The package itself."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import psycopg

from production_sql import ContentDraftDTO, DraftBundleDTO, bundles, drafts

from .peer import AsyncPeer, Peer


class Own(Peer):
    """Sync."""

    name = "production_sql"

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn

    @classmethod
    def connect(cls, dsn: str) -> Self:
        return cls(psycopg.connect(dsn, autocommit=True))

    def close(self) -> None:
        self._conn.close()

    def fetch(self, draft_id: str) -> ContentDraftDTO | None:
        return drafts.fetch(self._conn, draft_id)

    def fetch_bundle(self, bundle_id: str) -> DraftBundleDTO | None:
        return bundles.fetch(self._conn, bundle_id)

    def page(self, strategy_id: str) -> list[ContentDraftDTO]:
        return drafts.fetch_by_strategy(self._conn, strategy_id)

    def upsert(self, draft: ContentDraftDTO) -> bool:
        return drafts.upsert(self._conn, draft)

    def upsert_bundle(self, bundle: DraftBundleDTO) -> bool:
        return bundles.upsert(self._conn, bundle)

    def upsert_many(self, given: list[ContentDraftDTO]) -> int:
        return drafts.upsert_many(self._conn, given)

    def stream(self, strategy_id: str) -> Iterator[ContentDraftDTO]:
        return drafts.stream(self._conn, strategy_id=strategy_id)


class OwnAsync(AsyncPeer):
    """Async."""

    name = "production_sql, async"

    def __init__(self, conn: psycopg.AsyncConnection[Any]) -> None:
        self._conn = conn

    @classmethod
    async def connect(cls, dsn: str) -> Self:
        return cls(await psycopg.AsyncConnection.connect(dsn, autocommit=True))

    async def close(self) -> None:
        await self._conn.close()

    async def fetch(self, draft_id: str) -> ContentDraftDTO | None:
        return await drafts.fetch(self._conn, draft_id)

    async def fetch_bundle(self, bundle_id: str) -> DraftBundleDTO | None:
        return await bundles.fetch(self._conn, bundle_id)

    async def page(self, strategy_id: str) -> list[ContentDraftDTO]:
        return await drafts.fetch_by_strategy(self._conn, strategy_id)

    async def upsert(self, draft: ContentDraftDTO) -> bool:
        return await drafts.upsert(self._conn, draft)

    async def upsert_bundle(self, bundle: DraftBundleDTO) -> bool:
        return await bundles.upsert(self._conn, bundle)

    def stream(self, strategy_id: str) -> AsyncIterator[ContentDraftDTO]:
        return drafts.stream(self._conn, strategy_id=strategy_id)
