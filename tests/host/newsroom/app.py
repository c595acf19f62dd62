"""What the application does, by the ports and the calls of production_sql."""

from collections.abc import AsyncIterator, Iterable

from psycopg import AsyncConnection, Connection, connect

from production_sql import (
    AlreadyExistsError,
    AssetAssemblePort,
    AssetDTO,
    AsyncAssetAssemblePort,
    AsyncDraftGeneratePort,
    ContentDraftDTO,
    DraftBundleDTO,
    DraftGeneratePort,
    bundles,
    drafts,
    schema,
)
from production_sql.adapter import DraftContent

from . import editors


def migrate(dsn: str) -> None:
    """Create all tables that the application needs."""
    schema.apply(dsn)
    with connect(dsn) as conn:
        editors.create_table(conn)


def write_draft(strategy_id: str) -> DraftContent:
    """Write what a strategy asks for."""
    return DraftContent(
        content_type="article", body=f"On {strategy_id}", metadata={"words": 2}
    )


def collect_assets(draft: ContentDraftDTO) -> list[AssetDTO]:
    """Return the picture of an article."""
    url = f"https://pictures.example.org/{draft.draft_id}"
    return [AssetDTO(asset_id=f"{draft.draft_id}-1", asset_type="image", url=url)]


async def write_draft_async(strategy_id: str) -> DraftContent:
    """Write what a strategy asks for."""
    return write_draft(strategy_id)


async def collect_assets_async(draft: ContentDraftDTO) -> list[AssetDTO]:
    """Return the picture of an article."""
    return collect_assets(draft)


def publish(
    generate: DraftGeneratePort, assemble: AssetAssemblePort, strategy_id: str
) -> DraftBundleDTO:
    """Go all the way from a strategy to a bundle."""
    return assemble.assemble_bundle(generate.generate_draft(strategy_id).draft_id)


async def publish_async(
    generate: AsyncDraftGeneratePort, assemble: AsyncAssetAssemblePort, strategy_id: str
) -> DraftBundleDTO:
    """Go all the way from a strategy to a bundle."""
    draft = await generate.generate_draft(strategy_id)
    return await assemble.assemble_bundle(draft.draft_id)


def submit(conn: Connection, draft: ContentDraftDTO, editor: str) -> bool:
    """Store a draft together with its editor; tell if it is new."""
    with conn.transaction():
        try:
            drafts.create(conn, draft)
        except AlreadyExistsError:
            return False
        editors.appoint(conn, editors.Editor(draft.draft_id, editor))
        return True


def bring_in(conn: Connection, archive: Iterable[DraftBundleDTO]) -> int:
    """Store the bundles of an archive; return how many of them are new or changed."""
    return bundles.upsert_many(conn, archive, batch_size=10)


async def titles(aconn: AsyncConnection) -> AsyncIterator[str]:
    """Give the first line of each draft."""
    async with drafts.stream(aconn) as rows:
        async for draft in rows:
            yield draft.body.partition("\n")[0]
