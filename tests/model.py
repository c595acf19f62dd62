"""What the calls promise, over plain dicts in memory."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec import Struct, json, structs

from production_sql import (
    AlreadyExistsError,
    AssetConflictError,
    AssetDTO,
    ContentDraftDTO,
    DraftBundleDTO,
    NotFoundError,
)

T = TypeVar("T")


def differs(left: Struct | None, right: Struct | None) -> bool:
    """Tell two values apart as JSON does: 1 is not 1.0, nor is True."""
    encoded = [json.encode(value, order="deterministic") for value in (left, right)]
    return encoded[0] != encoded[1]


def page(
    rows: Iterable[T], key: Callable[[T], str], limit: int, after: str | None
) -> list[T]:
    listed = list(rows)
    if after is None:
        return listed[:limit]
    places = [place for place, row in enumerate(listed) if key(row) == after]
    if not places:
        raise NotFoundError
    return listed[places[0] + 1 :][:limit]


class Model:
    """Dicts keep the order of insertion, as the tables' ids do."""

    def __init__(self) -> None:
        self.drafts: dict[str, ContentDraftDTO] = {}
        self.bundles: dict[str, DraftBundleDTO] = {}

    def copy(self) -> "Model":
        model = Model()
        model.drafts = self.drafts.copy()
        model.bundles = self.bundles.copy()
        return model

    def owner(self, asset_id: str) -> str | None:
        for bundle in self.bundles.values():
            if any(asset.asset_id == asset_id for asset in bundle.assets):
                return bundle.bundle_id
        return None

    def refuse_taken(self, bundle_id: str, assets: Iterable[AssetDTO]) -> None:
        for asset in assets:
            if self.owner(asset.asset_id) not in (None, bundle_id):
                raise AssetConflictError

    def create_draft(self, draft: ContentDraftDTO) -> None:
        if draft.draft_id in self.drafts:
            raise AlreadyExistsError
        self.drafts[draft.draft_id] = draft

    def upsert_draft(self, draft: ContentDraftDTO) -> bool:
        stored = self.drafts.get(draft.draft_id)
        if stored is not None:
            draft = structs.replace(draft, created_at=stored.created_at)
        self.drafts[draft.draft_id] = draft
        return differs(stored, draft)

    def fetch_draft(self, draft_id: str) -> ContentDraftDTO | None:
        return self.drafts.get(draft_id)

    def fetch_drafts(
        self, strategy_id: str, limit: int, after: str | None
    ) -> list[ContentDraftDTO]:
        rows = [d for d in self.drafts.values() if d.strategy_id == strategy_id]
        rows.sort(key=lambda draft: draft.created_at)
        return page(rows, lambda draft: draft.draft_id, limit, after)

    def discard_draft(self, draft_id: str) -> bool:
        gone = [b.bundle_id for b in self.bundles.values() if b.draft_id == draft_id]
        for bundle_id in gone:
            del self.bundles[bundle_id]
        return self.drafts.pop(draft_id, None) is not None or bool(gone)

    def create_bundle(self, bundle: DraftBundleDTO) -> None:
        if bundle.bundle_id in self.bundles:
            raise AlreadyExistsError
        self.upsert_bundle(bundle)

    def upsert_bundle(self, bundle: DraftBundleDTO) -> bool:
        self.refuse_taken(bundle.bundle_id, bundle.assets)
        stored = self.bundles.get(bundle.bundle_id)
        self.bundles[bundle.bundle_id] = bundle
        return differs(stored, bundle)

    def upsert_bundles(self, bundles: Iterable[DraftBundleDTO]) -> int:
        after = self.copy()
        written = sum([after.upsert_bundle(bundle) for bundle in bundles])
        self.bundles = after.bundles
        return written

    def fetch_bundle(self, bundle_id: str) -> DraftBundleDTO | None:
        return self.bundles.get(bundle_id)

    def fetch_bundles(
        self, draft_id: str, limit: int, after: str | None
    ) -> list[DraftBundleDTO]:
        rows = [b for b in self.bundles.values() if b.draft_id == draft_id]
        return page(rows, lambda bundle: bundle.bundle_id, limit, after)

    def discard_bundle(self, bundle_id: str) -> bool:
        return self.bundles.pop(bundle_id, None) is not None

    def create_asset(self, bundle_id: str, asset: AssetDTO) -> None:
        if bundle_id not in self.bundles:
            raise NotFoundError
        if self.owner(asset.asset_id) == bundle_id:
            raise AlreadyExistsError
        self.upsert_asset(bundle_id, asset)

    def upsert_asset(self, bundle_id: str, asset: AssetDTO) -> bool:
        if bundle_id not in self.bundles:
            raise NotFoundError
        bundle = self.bundles[bundle_id]
        assets = [asset if a.asset_id == asset.asset_id else a for a in bundle.assets]
        if self.owner(asset.asset_id) != bundle_id:
            assets.append(asset)
        return self.upsert_bundle(structs.replace(bundle, assets=assets))

    def fetch_asset(self, asset_id: str) -> AssetDTO | None:
        for bundle in self.bundles.values():
            for asset in bundle.assets:
                if asset.asset_id == asset_id:
                    return asset
        return None

    def fetch_assets(self, bundle_id: str) -> list[AssetDTO]:
        bundle = self.bundles.get(bundle_id)
        return bundle.assets if bundle else []
