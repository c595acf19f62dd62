"""The module's ports: what the rest of a host application may ask of production.

``production_sql.adapter`` implements them over the calls of this package. The Async ports
are the same for async hosts.
"""

from abc import ABC, abstractmethod

from .dtos import ContentDraftDTO, DraftBundleDTO

__all__ = [
    "AssetAssemblePort",
    "AsyncAssetAssemblePort",
    "AsyncDraftGeneratePort",
    "AsyncProductionQueryPort",
    "DraftGeneratePort",
    "ProductionQueryPort",
]


class DraftGeneratePort(ABC):
    """Turns a strategy into a draft."""

    @abstractmethod
    def generate_draft(self, strategy_id: str) -> ContentDraftDTO:
        """Return a new, stored draft for the strategy."""


class AssetAssemblePort(ABC):
    """Turns a draft into a bundle."""

    @abstractmethod
    def assemble_bundle(self, draft_id: str) -> DraftBundleDTO:
        """Return a new, stored bundle of the draft and its assets.

        Raises NotFoundError for an unknown draft.
        """


class ProductionQueryPort(ABC):
    """Answers questions about what is stored."""

    @abstractmethod
    def get_draft(self, draft_id: str) -> ContentDraftDTO:
        """Return the draft with this id. Raises NotFoundError for an unknown one."""


class AsyncDraftGeneratePort(ABC):
    """Turns a strategy into a draft."""

    @abstractmethod
    async def generate_draft(self, strategy_id: str) -> ContentDraftDTO:
        """Return a new, stored draft for the strategy."""


class AsyncAssetAssemblePort(ABC):
    """Turns a draft into a bundle."""

    @abstractmethod
    async def assemble_bundle(self, draft_id: str) -> DraftBundleDTO:
        """Return a new, stored bundle of the draft and its assets.

        Raises NotFoundError for an unknown draft.
        """


class AsyncProductionQueryPort(ABC):
    """Answers questions about what is stored."""

    @abstractmethod
    async def get_draft(self, draft_id: str) -> ContentDraftDTO:
        """Return the draft with this id. Raises NotFoundError for an unknown one."""
