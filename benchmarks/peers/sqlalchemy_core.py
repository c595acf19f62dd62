"""SQLAlchemy 2 Core: a connection of the pool per call, upserts by ON CONFLICT."""

from collections.abc import Iterator
from typing import Any, Self

from sqlalchemy import Engine, Text, cast, delete, func, insert, or_, select
from sqlalchemy.dialects import postgresql

from production_sql import AssetDTO, ContentDraftDTO, DraftBundleDTO

from .peer import Peer
from .sqlalchemy_orm import Base, engine

_DRAFTS = Base.metadata.tables["production_drafts"]
_BUNDLES = Base.metadata.tables["production_bundles"]
_ASSETS = Base.metadata.tables["production_bundle_assets"]

_DRAFT_COLUMNS = (
    _DRAFTS.c.draft_id,
    _DRAFTS.c.strategy_id,
    _DRAFTS.c.content_type,
    _DRAFTS.c.body,
    _DRAFTS.c.metadata,
    _DRAFTS.c.created_at,
)


def _draft(row: Any) -> ContentDraftDTO:
    return ContentDraftDTO(
        draft_id=row.draft_id,
        strategy_id=row.strategy_id,
        content_type=row.content_type,
        body=row.body,
        metadata=row.metadata,
        created_at=row.created_at,
    )


def _values(draft: ContentDraftDTO) -> dict[str, Any]:
    return {
        "draft_id": draft.draft_id,
        "strategy_id": draft.strategy_id,
        "content_type": draft.content_type,
        "body": draft.body,
        "metadata": draft.metadata,
        "created_at": draft.created_at,
    }


def _upsert_draft() -> Any:
    statement = postgresql.insert(_DRAFTS)
    given = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[_DRAFTS.c.draft_id],
        set_={
            "strategy_id": given.strategy_id,
            "content_type": given.content_type,
            "body": given.body,
            "metadata": given.metadata,
            "updated_at": func.now(),
        },
        where=or_(
            _DRAFTS.c.strategy_id.is_distinct_from(given.strategy_id),
            _DRAFTS.c.content_type.is_distinct_from(given.content_type),
            _DRAFTS.c.body.is_distinct_from(given.body),
            cast(_DRAFTS.c.metadata, Text).is_distinct_from(cast(given.metadata, Text)),
        ),
    ).returning(_DRAFTS.c.id)


def _upsert_bundle() -> Any:
    statement = postgresql.insert(_BUNDLES)
    given = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[_BUNDLES.c.bundle_id],
        set_={
            "draft_id": given.draft_id,
            "assembled_at": given.assembled_at,
            "updated_at": func.now(),
        },
        where=or_(
            _BUNDLES.c.draft_id.is_distinct_from(given.draft_id),
            _BUNDLES.c.assembled_at.is_distinct_from(given.assembled_at),
        ),
    ).returning(_BUNDLES.c.id)


def _select_assets(bundle_id: str) -> Any:
    return (
        select(_ASSETS.c.asset_id, _ASSETS.c.asset_type, _ASSETS.c.url, _ASSETS.c.metadata)
        .where(_ASSETS.c.bundle_id == bundle_id)
        .order_by(_ASSETS.c.id)
    )


class SqlalchemyCore(Peer):
    """Sync."""

    name = "SQLAlchemy Core"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def connect(cls, dsn: str) -> Self:
        return cls(engine(dsn))

    def close(self) -> None:
        self._engine.dispose()

    def fetch(self, draft_id: str) -> ContentDraftDTO | None:
        with self._engine.connect() as conn:
            row = conn.execute(
                select(*_DRAFT_COLUMNS).where(_DRAFTS.c.draft_id == draft_id)
            ).one_or_none()
        return None if row is None else _draft(row)

    def fetch_bundle(self, bundle_id: str) -> DraftBundleDTO | None:
        with self._engine.connect() as conn:
            row = conn.execute(
                select(
                    _BUNDLES.c.bundle_id, _BUNDLES.c.draft_id, _BUNDLES.c.assembled_at
                ).where(_BUNDLES.c.bundle_id == bundle_id)
            ).one_or_none()
            if row is None:
                return None
            assets = conn.execute(_select_assets(bundle_id)).all()
        return DraftBundleDTO(
            bundle_id=row.bundle_id,
            draft_id=row.draft_id,
            assets=[
                AssetDTO(
                    asset_id=asset.asset_id,
                    asset_type=asset.asset_type,
                    url=asset.url,
                    metadata=asset.metadata,
                )
                for asset in assets
            ],
            assembled_at=row.assembled_at,
        )

    def page(self, strategy_id: str) -> list[ContentDraftDTO]:
        with self._engine.connect() as conn:
            rows = conn.execute(
                select(*_DRAFT_COLUMNS)
                .where(_DRAFTS.c.strategy_id == strategy_id)
                .order_by(_DRAFTS.c.created_at, _DRAFTS.c.id)
                .limit(100)
            ).all()
        return [_draft(row) for row in rows]

    def upsert(self, draft: ContentDraftDTO) -> bool:
        with self._engine.begin() as conn:
            return conn.scalar(_upsert_draft(), _values(draft)) is not None

    def upsert_bundle(self, bundle: DraftBundleDTO) -> bool:
        assets = [
            (asset.asset_id, asset.asset_type, asset.url, asset.metadata)
            for asset in bundle.assets
        ]
        with self._engine.begin() as conn:
            written = conn.scalar(
                _upsert_bundle(),
                {
                    "bundle_id": bundle.bundle_id,
                    "draft_id": bundle.draft_id,
                    "assembled_at": bundle.assembled_at,
                },
            )
            stored = conn.execute(_select_assets(bundle.bundle_id)).all()
            if [tuple(row) for row in stored] == assets:
                return written is not None
            conn.execute(delete(_ASSETS).where(_ASSETS.c.bundle_id == bundle.bundle_id))
            conn.execute(
                insert(_ASSETS),
                [
                    {
                        "asset_id": asset.asset_id,
                        "bundle_id": bundle.bundle_id,
                        "asset_type": asset.asset_type,
                        "url": asset.url,
                        "metadata": asset.metadata,
                    }
                    for asset in bundle.assets
                ],
            )
            return True

    def upsert_many(self, drafts: list[ContentDraftDTO]) -> int:
        with self._engine.begin() as conn:
            written = conn.scalars(_upsert_draft(), [_values(draft) for draft in drafts])
            return len(written.all())

    def stream(self, strategy_id: str) -> Iterator[ContentDraftDTO]:
        with self._engine.connect() as conn:
            for row in conn.execution_options(yield_per=1000).execute(
                select(*_DRAFT_COLUMNS)
                .where(_DRAFTS.c.strategy_id == strategy_id)
                .order_by(_DRAFTS.c.id)
            ):
                yield _draft(row)
