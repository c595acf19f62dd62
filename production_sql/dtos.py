"""The module's data transfer objects, as immutable msgspec Structs.

A type checker sees plain str, datetime and int. The constraints beside them are checked
when a value is about to be sent, not when a Struct is made.
"""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

# An index row of PostgreSQL has at most 2704 bytes, which 640 characters fit in any script.
Id = Annotated[str, Meta(min_length=1, max_length=640)]
Timestamp = Annotated[datetime, Meta(tz=True)]
Limit = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class ContentDraftDTO(Struct, frozen=True, kw_only=True):
    """A content draft, written for a strategy. Its values are checked when it is sent."""

    draft_id: Id
    """Unique among drafts, and the idempotency key; 1 to 640 characters."""
    strategy_id: Id
    """A strategy of another module, which is not checked; 1 to 640 characters."""
    content_type: str
    """Such as "blog_post"; any text without NUL."""
    body: str
    """Any text without NUL, of any length."""
    metadata: dict[str, Any] = {}
    """Of None, bool, int, finite float, str, list and dict with str keys, as JSON has them.

    Comes back with its keys in sorted order.
    """
    created_at: Timestamp
    """With a zone; comes back as the same moment in UTC. No upsert changes it."""


class AssetDTO(Struct, frozen=True, kw_only=True):
    """An asset in a bundle. Its values are checked when it is sent."""

    asset_id: Id
    """Unique among the assets of all bundles; 1 to 640 characters."""
    asset_type: str
    """Such as "image"; any text without NUL."""
    url: str
    """Any text without NUL; that it is a URL is not checked."""
    metadata: dict[str, Any] = {}
    """As that of a draft."""


class DraftBundleDTO(Struct, frozen=True, kw_only=True):
    """Assets in order, assembled for a draft. Its values are checked when it is sent."""

    bundle_id: Id
    """Unique among bundles, and the idempotency key; 1 to 640 characters."""
    draft_id: Id
    """Its draft, which need not be stored; 1 to 640 characters."""
    assets: list[AssetDTO]
    """In their order; none of them twice, and none that another bundle has."""
    assembled_at: Timestamp
    """With a zone; comes back as the same moment in UTC."""
