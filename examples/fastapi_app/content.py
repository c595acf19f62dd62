"""What a service has of its own: how drafts are written, and which assets they have."""

import re
from collections.abc import Iterable

from production_sql import AssetDTO, ContentDraftDTO
from production_sql.adapter import DraftContent

_IMAGE = re.compile(r"!\[(?P<alt>[^]]*)\]\((?P<url>[^)\s]+)\)")


async def write_draft(strategy_id: str) -> DraftContent:
    """Return the content of a new draft: an outline in Markdown."""
    return DraftContent(content_type="text/markdown", body=f"# {strategy_id}\n")


async def collect_assets(draft: ContentDraftDTO) -> Iterable[AssetDTO]:
    """Return the images that the draft's Markdown shows, each once."""
    alts = {image["url"]: image["alt"] for image in _IMAGE.finditer(draft.body)}
    return [
        AssetDTO(
            asset_id=f"{draft.draft_id}.{number}",
            asset_type="image",
            url=url,
            metadata={"alt": alt},
        )
        for number, (url, alt) in enumerate(alts.items(), 1)
    ]
