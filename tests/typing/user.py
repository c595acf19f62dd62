"""What a user writes; the types that are revealed here are pinned by test_typing.py."""

import asyncio
from datetime import UTC, datetime
from typing import NewType

import psycopg

from production_sql import (
    AssetDTO,
    ContentDraftDTO,
    DraftBundleDTO,
    assets,
    bundles,
    drafts,
    schema,
)

DraftId = NewType("DraftId", str)


def sync(conn: psycopg.Connection, draft: ContentDraftDTO, bundle: DraftBundleDTO) -> None:
    reveal_type(drafts.create(conn, draft))
    reveal_type(drafts.upsert(conn, draft))
    reveal_type(drafts.fetch(conn, DraftId("draft_1")))
    reveal_type(drafts.fetch_by_strategy(conn, "strategy_1", limit=10, after="draft_1"))
    reveal_type(drafts.discard(conn, "draft_1"))
    reveal_type(drafts.stream(conn))
    reveal_type(drafts.upsert_many(conn, drafts.stream(conn), on_progress=print))
    reveal_type(bundles.upsert(conn, bundle))
    reveal_type(bundles.upsert_many(conn, [bundle], batch_size=10))
    reveal_type(bundles.fetch(conn, bundle_id="bundle_1"))
    reveal_type(bundles.fetch_by_draft(conn, "draft_1"))
    reveal_type(assets.fetch_by_bundle(conn, "bundle_1"))
    reveal_type(schema.apply("dbname=app", schema="tenant"))


async def asynchronous(conn: psycopg.AsyncConnection, draft: ContentDraftDTO) -> None:
    reveal_type(await drafts.create(conn, draft))
    reveal_type(await drafts.upsert(conn, draft))
    reveal_type(await drafts.fetch(conn, "draft_1"))
    reveal_type(await drafts.fetch_by_strategy(conn, "strategy_1", limit=10))
    reveal_type(await bundles.fetch(conn, "bundle_1"))
    reveal_type(await assets.fetch(conn, "asset_1"))
    reveal_type(await asyncio.create_task(drafts.discard(conn, "draft_1")))
    reveal_type(bundles.stream(conn, draft_id="draft_1"))
    reveal_type(await drafts.upsert_many(conn, drafts.stream(conn), batch_size=10))


def fields(draft: ContentDraftDTO, asset: AssetDTO) -> None:
    reveal_type(draft.draft_id)
    reveal_type(draft.created_at)
    reveal_type(asset.metadata)
    ContentDraftDTO(
        draft_id=DraftId("draft_1"),
        strategy_id="strategy_1",
        content_type="blog_post",
        body="",
        created_at=datetime.now(UTC),
    )
