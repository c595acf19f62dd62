"""Drafts, bundles and assets in PostgreSQL, by hand-written SQL.

Every call takes a psycopg Connection or AsyncConnection first, and takes part in its
transaction: in autocommit it commits by itself, else it does not commit.
"""

from . import assets, bundles, drafts, schema
from .dtos import AssetDTO, ContentDraftDTO, DraftBundleDTO
from .errors import (
    AlreadyExistsError,
    AssetConflictError,
    InvalidValueError,
    NotFoundError,
    ProductionError,
)
from .files import query
from .ports import (
    AssetAssemblePort,
    AsyncAssetAssemblePort,
    AsyncDraftGeneratePort,
    AsyncProductionQueryPort,
    DraftGeneratePort,
    ProductionQueryPort,
)

query.check_complete()
del query

__all__ = [
    "AlreadyExistsError",
    "AssetAssemblePort",
    "AssetConflictError",
    "AssetDTO",
    "AsyncAssetAssemblePort",
    "AsyncDraftGeneratePort",
    "AsyncProductionQueryPort",
    "ContentDraftDTO",
    "DraftBundleDTO",
    "DraftGeneratePort",
    "InvalidValueError",
    "NotFoundError",
    "ProductionError",
    "ProductionQueryPort",
    "assets",
    "bundles",
    "drafts",
    "schema",
]
