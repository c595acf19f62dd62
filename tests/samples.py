"""Valid DTOs to vary."""

from datetime import UTC, datetime
from typing import Any

from production_sql import AssetDTO, ContentDraftDTO, DraftBundleDTO

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def draft(draft_id: Any = "draft_1", **changes: Any) -> ContentDraftDTO:
    values: dict[str, Any] = {
        "draft_id": draft_id,
        "strategy_id": "strategy_1",
        "content_type": "blog_post",
        "body": "# Spring\n\nThe doors are open.",
        "metadata": {"language": "en", "tags": ["spring"]},
        "created_at": NOON,
    }
    return ContentDraftDTO(**values | changes)


def asset(asset_id: Any = "asset_1", **changes: Any) -> AssetDTO:
    values: dict[str, Any] = {
        "asset_id": asset_id,
        "asset_type": "image",
        "url": f"https://assets.example.org/{asset_id}.jpg",
        "metadata": {"alt": "A door"},
    }
    return AssetDTO(**values | changes)


def bundle(bundle_id: Any = "bundle_1", *asset_ids: str, **changes: Any) -> DraftBundleDTO:
    values: dict[str, Any] = {
        "bundle_id": bundle_id,
        "draft_id": "draft_1",
        "assets": [asset(asset_id) for asset_id in asset_ids],
        "assembled_at": NOON,
    }
    return DraftBundleDTO(**values | changes)
