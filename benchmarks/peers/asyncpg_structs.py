"""asyncpg, with Structs made of its records by hand."""

import json
from collections.abc import AsyncIterator
from typing import Any, Self, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from production_sql import AssetDTO, ContentDraftDTO, DraftBundleDTO

from ..statements import same, with_numbers
from .peer import AsyncPeer

_FETCH = with_numbers(same("drafts/fetch"))
_FETCH_BUNDLE = with_numbers(same("bundles/fetch"))
_PAGE = with_numbers(same("drafts/fetch_by_strategy"))
_UPSERT = with_numbers(same("drafts/upsert"))
_UPSERT_BUNDLE = with_numbers(same("bundles/upsert"))
_STREAM = with_numbers(same("drafts/stream"))


def _draft(record: Any) -> ContentDraftDTO:
    return ContentDraftDTO(
        draft_id=record["draft_id"],
        strategy_id=record["strategy_id"],
        content_type=record["content_type"],
        body=record["body"],
        metadata=record["metadata"],
        created_at=record["created_at"],
    )


class Asyncpg(AsyncPeer):
    """Async only."""

    name = "asyncpg, Structs by hand"

    def __init__(self, conn: Any) -> None:
        self._conn = conn

    @classmethod
    async def connect(cls, dsn: str) -> Self:
        conn = await cast("Any", asyncpg).connect(dsn)
        await conn.set_type_codec(
            "json", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )
        return cls(conn)

    async def close(self) -> None:
        await self._conn.close()

    async def fetch(self, draft_id: str) -> ContentDraftDTO | None:
        record = await self._conn.fetchrow(_FETCH, draft_id)
        return None if record is None else _draft(record)

    async def fetch_bundle(self, bundle_id: str) -> DraftBundleDTO | None:
        record = await self._conn.fetchrow(_FETCH_BUNDLE, bundle_id)
        if record is None:
            return None
        return DraftBundleDTO(
            bundle_id=record["bundle_id"],
            draft_id=record["draft_id"],
            assets=[
                AssetDTO(
                    asset_id=asset["asset_id"],
                    asset_type=asset["asset_type"],
                    url=asset["url"],
                    metadata=asset["metadata"],
                )
                for asset in record["assets"]
            ],
            assembled_at=record["assembled_at"],
        )

    async def page(self, strategy_id: str) -> list[ContentDraftDTO]:
        records = await self._conn.fetch(_PAGE, strategy_id, None, 100)
        return [_draft(record) for record in records]

    async def upsert(self, draft: ContentDraftDTO) -> bool:
        outcome = await self._conn.fetchval(
            _UPSERT,
            draft.draft_id,
            draft.strategy_id,
            draft.content_type,
            draft.body,
            draft.metadata,
            draft.created_at,
        )
        return bool(outcome == "written")

    async def upsert_bundle(self, bundle: DraftBundleDTO) -> bool:
        outcome = await self._conn.fetchval(
            _UPSERT_BUNDLE,
            [
                {
                    "asset_id": asset.asset_id,
                    "asset_type": asset.asset_type,
                    "url": asset.url,
                    "metadata": json.dumps(asset.metadata),
                }
                for asset in bundle.assets
            ],
            bundle.bundle_id,
            bundle.draft_id,
            bundle.assembled_at,
        )
        return bool(outcome == "written")

    async def stream(self, strategy_id: str) -> AsyncIterator[ContentDraftDTO]:
        async with self._conn.transaction():
            async for record in self._conn.cursor(_STREAM, strategy_id):
                yield _draft(record)
