"""SQLAlchemy 2, the ORM: a session per call, query then insert or update."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Engine,
    Identity,
    Text,
    create_engine,
    func,
    select,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    foreign,
    mapped_column,
    relationship,
    sessionmaker,
)

from production_sql import AssetDTO, ContentDraftDTO, DraftBundleDTO

from .peer import Peer


class Base(DeclarativeBase):
    """What the tables have in common."""

    type_annotation_map = {  # noqa: RUF012 - as declared
        str: Text,
        dict[str, Any]: JSON,
        datetime: DateTime(timezone=True),
    }
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    updated_at: Mapped[datetime] = mapped_column(default=func.now(), onupdate=func.now())


class Draft(Base):
    """A row of the drafts."""

    __tablename__ = "production_drafts"
    draft_id: Mapped[str] = mapped_column(unique=True)
    strategy_id: Mapped[str]
    content_type: Mapped[str]
    body: Mapped[str]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata")
    created_at: Mapped[datetime]


class Asset(Base):
    """A row of the assets."""

    __tablename__ = "production_bundle_assets"
    asset_id: Mapped[str] = mapped_column(unique=True)
    bundle_id: Mapped[str]
    asset_type: Mapped[str]
    url: Mapped[str]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata")
    created_at: Mapped[datetime] = mapped_column(default=func.now())


class Bundle(Base):
    """A row of the bundles."""

    __tablename__ = "production_bundles"
    bundle_id: Mapped[str] = mapped_column(unique=True)
    draft_id: Mapped[str]
    assembled_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=func.now())
    assets: Mapped[list[Asset]] = relationship(
        primaryjoin=lambda: Bundle.bundle_id == foreign(Asset.bundle_id),
        order_by=lambda: Asset.id,
        cascade="all, delete-orphan",
        lazy="selectin",
    )


def engine(dsn: str) -> Engine:
    """Return an engine over psycopg 3."""
    return create_engine(dsn.replace("postgresql:", "postgresql+psycopg:", 1))


def _draft(model: Draft) -> ContentDraftDTO:
    return ContentDraftDTO(
        draft_id=model.draft_id,
        strategy_id=model.strategy_id,
        content_type=model.content_type,
        body=model.body,
        metadata=model.metadata_,
        created_at=model.created_at,
    )


def _asset(asset: AssetDTO) -> Asset:
    return Asset(
        asset_id=asset.asset_id,
        asset_type=asset.asset_type,
        url=asset.url,
        metadata_=asset.metadata,
    )


class SqlalchemyOrm(Peer):
    """Sync."""

    name = "SQLAlchemy ORM"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session = sessionmaker(engine)

    @classmethod
    def connect(cls, dsn: str) -> Self:
        return cls(engine(dsn))

    def close(self) -> None:
        self._engine.dispose()

    def fetch(self, draft_id: str) -> ContentDraftDTO | None:
        with self._session() as session:
            model = session.scalar(select(Draft).where(Draft.draft_id == draft_id))
            return None if model is None else _draft(model)

    def fetch_bundle(self, bundle_id: str) -> DraftBundleDTO | None:
        with self._session() as session:
            model = session.scalar(select(Bundle).where(Bundle.bundle_id == bundle_id))
            if model is None:
                return None
            return DraftBundleDTO(
                bundle_id=model.bundle_id,
                draft_id=model.draft_id,
                assets=[
                    AssetDTO(
                        asset_id=asset.asset_id,
                        asset_type=asset.asset_type,
                        url=asset.url,
                        metadata=asset.metadata_,
                    )
                    for asset in model.assets
                ],
                assembled_at=model.assembled_at,
            )

    def page(self, strategy_id: str) -> list[ContentDraftDTO]:
        with self._session() as session:
            models = session.scalars(
                select(Draft)
                .where(Draft.strategy_id == strategy_id)
                .order_by(Draft.created_at, Draft.id)
                .limit(100)
            )
            return [_draft(model) for model in models]

    def upsert(self, draft: ContentDraftDTO) -> bool:
        with self._session.begin() as session:
            model = session.scalar(select(Draft).where(Draft.draft_id == draft.draft_id))
            if model is None:
                session.add(
                    Draft(
                        draft_id=draft.draft_id,
                        strategy_id=draft.strategy_id,
                        content_type=draft.content_type,
                        body=draft.body,
                        metadata_=draft.metadata,
                        created_at=draft.created_at,
                    )
                )
                return True
            model.strategy_id = draft.strategy_id
            model.content_type = draft.content_type
            model.body = draft.body
            model.metadata_ = draft.metadata
            return session.is_modified(model)

    def upsert_bundle(self, bundle: DraftBundleDTO) -> bool:
        with self._session.begin() as session:
            model = session.scalar(
                select(Bundle).where(Bundle.bundle_id == bundle.bundle_id)
            )
            if model is None:
                session.add(
                    Bundle(
                        bundle_id=bundle.bundle_id,
                        draft_id=bundle.draft_id,
                        assets=[_asset(asset) for asset in bundle.assets],
                        assembled_at=bundle.assembled_at,
                    )
                )
                return True
            model.draft_id = bundle.draft_id
            model.assembled_at = bundle.assembled_at
            if [each.asset_id for each in model.assets] != [
                each.asset_id for each in bundle.assets
            ]:
                model.assets.clear()
                session.flush()
                model.assets.extend(_asset(asset) for asset in bundle.assets)
            for stored, asset in zip(model.assets, bundle.assets, strict=True):
                stored.asset_type = asset.asset_type
                stored.url = asset.url
                stored.metadata_ = asset.metadata
            return any(session.is_modified(each) for each in session.dirty)

    def stream(self, strategy_id: str) -> Iterator[ContentDraftDTO]:
        with self._session() as session:
            for model in session.scalars(
                select(Draft)
                .where(Draft.strategy_id == strategy_id)
                .order_by(Draft.id)
                .execution_options(yield_per=1000)
            ):
                yield _draft(model)
