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
    """A content draft, written for a strategy."""

    draft_id: Id
    strategy_id: Id
    content_type: str
    body: str
    metadata: dict[str, Any] = {}
    created_at: Timestamp


class AssetDTO(Struct, frozen=True, kw_only=True):
    """An asset in a bundle."""

    asset_id: Id
    asset_type: str
    url: str
    metadata: dict[str, Any] = {}


class DraftBundleDTO(Struct, frozen=True, kw_only=True):
    """A draft with its assets in order, assembled for production."""

    bundle_id: Id
    draft_id: Id
    assets: list[AssetDTO]
    assembled_at: Timestamp
