"""psycopg as it is: tuples, and Structs made of them by hand."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import psycopg
from psycopg.types.json import Json

from production_sql import AssetDTO, ContentDraftDTO, DraftBundleDTO

from ..statements import same
from .peer import AsyncPeer, Peer

_FETCH = same("drafts/fetch")
_FETCH_BUNDLE = same("bundles/fetch")
_PAGE = same("drafts/fetch_by_strategy")
_UPSERT = same("drafts/upsert")
_UPSERT_BUNDLE = same("bundles/upsert")
_STREAM = same("drafts/stream")

_Row = tuple[Any, ...]


def _draft(row: _Row) -> ContentDraftDTO:
    return ContentDraftDTO(
        draft_id=row[0],
        strategy_id=row[1],
        content_type=row[2],
        body=row[3],
        metadata=row[4],
        created_at=row[5],
    )


def _bundle(row: _Row) -> DraftBundleDTO:
    return DraftBundleDTO(
        bundle_id=row[0],
        draft_id=row[1],
        assets=[
            AssetDTO(
                asset_id=asset["asset_id"],
                asset_type=asset["asset_type"],
                url=asset["url"],
                metadata=asset["metadata"],
            )
            for asset in row[2]
        ],
        assembled_at=row[3],
    )


def draft_parameters(draft: ContentDraftDTO) -> dict[str, Any]:
    """Return the parameters of a statement that writes a draft."""
    return {
        "draft_id": draft.draft_id,
        "strategy_id": draft.strategy_id,
        "content_type": draft.content_type,
        "body": draft.body,
        "metadata": Json(draft.metadata),
        "created_at": draft.created_at,
    }


def bundle_parameters(bundle: DraftBundleDTO) -> dict[str, Any]:
    """Return the parameters of a statement that writes a bundle."""
    return {
        "bundle_id": bundle.bundle_id,
        "draft_id": bundle.draft_id,
        "assets": Json(
            [
                {
                    "asset_id": asset.asset_id,
                    "asset_type": asset.asset_type,
                    "url": asset.url,
                    "metadata": json.dumps(asset.metadata),
                }
                for asset in bundle.assets
            ]
        ),
        "assembled_at": bundle.assembled_at,
    }


def _page_parameters(strategy_id: str) -> dict[str, Any]:
    return {"strategy_id": strategy_id, "limit": 100, "after": None}


class Psycopg(Peer):
    """A connection of psycopg, in autocommit."""

    def __init__(self, conn: psycopg.Connection[_Row]) -> None:
        self._conn = conn

    @classmethod
    def connect(cls, dsn: str) -> Self:
        return cls(psycopg.connect(dsn, autocommit=True))

    def close(self) -> None:
        self._conn.close()


class Tuples(Psycopg):
    """What the driver alone takes."""

    name = "psycopg, tuples"
    structs = {  # noqa: RUF012 - as declared
        "fetch": _draft,
        "fetch_bundle": _bundle,
        "page": lambda rows: [_draft(row) for row in rows],
        "stream": _draft,
    }

    def fetch(self, draft_id: str) -> _Row | None:
        return self._conn.execute(_FETCH, {"draft_id": draft_id}).fetchone()

    def fetch_bundle(self, bundle_id: str) -> _Row | None:
        return self._conn.execute(_FETCH_BUNDLE, {"bundle_id": bundle_id}).fetchone()

    def page(self, strategy_id: str) -> list[_Row]:
        return self._conn.execute(_PAGE, _page_parameters(strategy_id)).fetchall()


class Structs(Psycopg):
    """Written by hand."""

    name = "psycopg, Structs by hand"

    def fetch(self, draft_id: str) -> ContentDraftDTO | None:
        row = self._conn.execute(_FETCH, {"draft_id": draft_id}).fetchone()
        return None if row is None else _draft(row)

    def fetch_bundle(self, bundle_id: str) -> DraftBundleDTO | None:
        row = self._conn.execute(_FETCH_BUNDLE, {"bundle_id": bundle_id}).fetchone()
        return None if row is None else _bundle(row)

    def page(self, strategy_id: str) -> list[ContentDraftDTO]:
        rows = self._conn.execute(_PAGE, _page_parameters(strategy_id)).fetchall()
        return [_draft(row) for row in rows]

    def upsert(self, draft: ContentDraftDTO) -> bool:
        row = self._conn.execute(_UPSERT, draft_parameters(draft)).fetchone()
        return row is not None and row[0] == "written"

    def upsert_bundle(self, bundle: DraftBundleDTO) -> bool:
        row = self._conn.execute(_UPSERT_BUNDLE, bundle_parameters(bundle)).fetchone()
        return row is not None and row[0] == "written"

    def stream(self, strategy_id: str) -> Iterator[ContentDraftDTO]:
        with self._conn.transaction(), self._conn.cursor("stream") as cursor:
            for row in cursor.execute(_STREAM, {"strategy_id": strategy_id}):
                yield _draft(row)


class AsyncStructs(AsyncPeer):
    """The same in async code."""

    name = "psycopg, async, Structs by hand"

    def __init__(self, conn: psycopg.AsyncConnection[_Row]) -> None:
        self._conn = conn

    @classmethod
    async def connect(cls, dsn: str) -> Self:
        return cls(await psycopg.AsyncConnection.connect(dsn, autocommit=True))

    async def close(self) -> None:
        await self._conn.close()

    async def fetch(self, draft_id: str) -> ContentDraftDTO | None:
        cursor = await self._conn.execute(_FETCH, {"draft_id": draft_id})
        row = await cursor.fetchone()
        return None if row is None else _draft(row)

    async def fetch_bundle(self, bundle_id: str) -> DraftBundleDTO | None:
        cursor = await self._conn.execute(_FETCH_BUNDLE, {"bundle_id": bundle_id})
        row = await cursor.fetchone()
        return None if row is None else _bundle(row)

    async def page(self, strategy_id: str) -> list[ContentDraftDTO]:
        cursor = await self._conn.execute(_PAGE, _page_parameters(strategy_id))
        return [_draft(row) for row in await cursor.fetchall()]

    async def upsert(self, draft: ContentDraftDTO) -> bool:
        cursor = await self._conn.execute(_UPSERT, draft_parameters(draft))
        row = await cursor.fetchone()
        return row is not None and row[0] == "written"

    async def upsert_bundle(self, bundle: DraftBundleDTO) -> bool:
        cursor = await self._conn.execute(_UPSERT_BUNDLE, bundle_parameters(bundle))
        row = await cursor.fetchone()
        return row is not None and row[0] == "written"

    async def stream(self, strategy_id: str) -> AsyncIterator[ContentDraftDTO]:
        async with self._conn.transaction(), self._conn.cursor("stream") as cursor:
            await cursor.execute(_STREAM, {"strategy_id": strategy_id})
            async for row in cursor:
                yield _draft(row)
