"""DTOs for tests, which the fixture ``production_factory`` of the pytest plugin makes."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from .dtos import AssetDTO, ContentDraftDTO, DraftBundleDTO

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Factory:
    """Makes valid DTOs, the same ones for the same calls.

    Each has an id of its own: ``draft_1``, ``draft_2``, …; and what is not given is the
    same in all. What is given is taken as it is. A bundle is of ``draft_1``, and has two
    new assets.
    """

    def __init__(self) -> None:
        self._drafts = count(1)
        self._assets = count(1)
        self._bundles = count(1)

    def draft(
        self,
        *,
        draft_id: str | None = None,
        strategy_id: str = "strategy_1",
        content_type: str = "blog_post",
        body: str = "# Spring\n\nThe doors are open.",
        metadata: dict[str, Any] | None = None,
        created_at: datetime = _NOON,
    ) -> ContentDraftDTO:
        """Return a draft; without metadata it has a language."""
        return ContentDraftDTO(
            draft_id=f"draft_{next(self._drafts)}" if draft_id is None else draft_id,
            strategy_id=strategy_id,
            content_type=content_type,
            body=body,
            metadata={"language": "en"} if metadata is None else metadata,
            created_at=created_at,
        )

    def asset(
        self,
        *,
        asset_id: str | None = None,
        asset_type: str = "image",
        url: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> AssetDTO:
        """Return an asset, whose URL has its id; without metadata it has a text."""
        asset_id = f"asset_{next(self._assets)}" if asset_id is None else asset_id
        return AssetDTO(
            asset_id=asset_id,
            asset_type=asset_type,
            url=f"https://assets.example.org/{asset_id}" if url is None else url,
            metadata={"alt": "An open door"} if metadata is None else metadata,
        )

    def bundle(
        self,
        *,
        bundle_id: str | None = None,
        draft_id: str = "draft_1",
        assets: list[AssetDTO] | None = None,
        assembled_at: datetime = _NOON,
    ) -> DraftBundleDTO:
        """Return a bundle."""
        return DraftBundleDTO(
            bundle_id=f"bundle_{next(self._bundles)}" if bundle_id is None else bundle_id,
            draft_id=draft_id,
            assets=[self.asset(), self.asset()] if assets is None else assets,
            assembled_at=assembled_at,
        )
