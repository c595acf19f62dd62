"""The application on a database, async."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from newsroom import app
from psycopg import AsyncConnection

from production_sql import bundles, drafts
from production_sql.adapter import AsyncProductionAdapter
from production_sql.testing import Factory


def test_a_strategy_becomes_a_bundle(production_dsn: str) -> None:
    @asynccontextmanager
    async def connection() -> AsyncIterator[AsyncConnection]:
        async with await AsyncConnection.connect(production_dsn) as aconn:
            yield aconn

    async def publish() -> None:
        adapter = AsyncProductionAdapter(
            connection, app.write_draft_async, app.collect_assets_async
        )
        bundle = await app.publish_async(adapter, adapter, "spring")
        draft = await adapter.get_draft(bundle.draft_id)
        assert draft.strategy_id == "spring"
        async with connection() as aconn:
            assert await bundles.fetch(aconn, bundle.bundle_id) == bundle

    asyncio.run(publish())


def test_all_titles_are_read(production_dsn: str, production_factory: Factory) -> None:
    async def store_and_read() -> list[str]:
        async with await AsyncConnection.connect(production_dsn) as aconn:
            written = [production_factory.draft(body=f"{it}\n…") for it in "abc"]
            await drafts.upsert_many(aconn, written)
            return [title async for title in app.titles(aconn)]

    assert asyncio.run(store_and_read()) == ["a", "b", "c"]
