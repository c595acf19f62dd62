"""What a host writes for the adapters; the types are pinned by test_typing.py."""

from collections.abc import Sequence
from typing import NewType

from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from production_sql import (
    AssetAssemblePort,
    AssetDTO,
    AsyncAssetAssemblePort,
    ContentDraftDTO,
    DraftGeneratePort,
    ProductionQueryPort,
)
from production_sql.adapter import (
    AsyncProductionAdapter,
    DraftContent,
    ProductionAdapter,
    new_id,
)

StrategyId = NewType("StrategyId", str)


def write(strategy_id: StrategyId) -> DraftContent:
    return DraftContent(content_type="blog_post", body=strategy_id)


def write_number(strategy_id: int) -> DraftContent:
    return DraftContent(content_type="blog_post", body=str(strategy_id))


def collect(draft: ContentDraftDTO) -> Sequence[AssetDTO]:
    return [AssetDTO(asset_id=new_id(), asset_type="image", url=draft.body)]


async def write_async(strategy_id: StrategyId) -> DraftContent:
    return write(strategy_id)


async def collect_async(draft: ContentDraftDTO) -> Sequence[AssetDTO]:
    return collect(draft)


def sync(pool: ConnectionPool, connection: Connection) -> None:
    adapter = ProductionAdapter(pool.connection, write, collect)
    generator: DraftGeneratePort = adapter
    assembler: AssetAssemblePort = ProductionAdapter(lambda: connection, write, collect)
    drafts: ProductionQueryPort = adapter
    reveal_type(generator.generate_draft("strategy_1"))
    reveal_type(adapter.generate_draft("strategy_1", draft_id=new_id()))
    reveal_type(assembler.assemble_bundle("draft_1"))
    reveal_type(drafts.get_draft("draft_1"))


async def asynchronous(pool: AsyncConnectionPool, connection: AsyncConnection) -> None:
    adapter = AsyncProductionAdapter(pool.connection, write_async, collect_async)
    assembler: AsyncAssetAssemblePort = AsyncProductionAdapter(
        lambda: connection, write_async, collect_async
    )
    reveal_type(await adapter.generate_draft("strategy_1"))
    reveal_type(await assembler.assemble_bundle("draft_1"))
    reveal_type(await adapter.get_draft("draft_1"))
