"""What is stored: drafts whose bodies are real text, and bundles of ten assets."""

from datetime import UTC, datetime
from functools import cache
from importlib.metadata import distributions
from typing import Any

from production_sql import AssetDTO, ContentDraftDTO, DraftBundleDTO

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
_STEP = 997


@cache
def text() -> str:
    """Return the long descriptions of the installed distributions, one after another."""
    descriptions: dict[str, str] = {}
    for distribution in distributions():
        metadata: Any = distribution.metadata
        name, payload = metadata["Name"], metadata.get_payload()
        descriptions[str(name)] = payload or metadata["Description"] or ""
    together = "".join(descriptions[name] for name in sorted(descriptions))
    return together.replace("\0", "")


@cache
def body(size: int, number: int) -> str:
    """Return a piece of the text of so many bytes; each number has another one."""
    source = text()
    start = number * _STEP % len(source)
    piece = source[start : start + size]
    while len(piece) < size:
        piece += source[: size - len(piece)]
    return piece.encode()[:size].decode(errors="ignore")


def draft(
    draft_id: str, number: int = 0, *, size: int = 2000, strategy_id: str = "strategy_1"
) -> ContentDraftDTO:
    """Return a draft; the number varies its body."""
    return ContentDraftDTO(
        draft_id=draft_id,
        strategy_id=strategy_id,
        content_type="blog_post",
        body=body(size, number),
        metadata={"language": "en", "tags": ["spring", "opening hours"], "words": 312},
        created_at=NOON,
    )


def bundle(bundle_id: str, number: int = 0) -> DraftBundleDTO:
    """Return a bundle of ten assets; the number varies the URL of the third."""
    return DraftBundleDTO(
        bundle_id=bundle_id,
        draft_id="draft_1",
        assets=[
            AssetDTO(
                asset_id=f"{bundle_id}_{place}",
                asset_type="image",
                url=f"https://assets.example.org/{number if place == 2 else 0}/{place}.jpg",
                metadata={"alt": "A door that is open", "height": 900, "width": 1600},
            )
            for place in range(10)
        ],
        assembled_at=NOON,
    )
