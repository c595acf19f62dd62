"""Draft bundles, each with its assets."""

from collections.abc import Iterator

from .dtos import DraftBundleDTO, Id, Limit
from .errors import AlreadyExistsError, InvalidValueError, NotFoundError
from .files import query
from .operation import Steps, once, operation
from .outcome import AssetOutcome, Outcome, settled, written_or_undone
from .runner import Call

__all__ = ["create", "discard", "fetch", "fetch_by_draft", "stream", "upsert"]


def _check_assets_differ(call: Call[AssetOutcome], bundle: DraftBundleDTO) -> None:
    first: dict[str, int] = {}
    for index, asset in enumerate(bundle.assets):
        if (earlier := first.setdefault(asset.asset_id, index)) != index:
            raise InvalidValueError(
                f"{call.query.name}: DraftBundleDTO.assets[{index}].asset_id: "
                f"{asset.asset_id!r} is that of assets[{earlier}] too: a bundle has an "
                "asset once"
            )


@query
def _create(bundle: DraftBundleDTO) -> AssetOutcome: ...


@operation
def create(bundle: DraftBundleDTO) -> Steps[None]:
    """Insert a bundle with its assets.

    Raises AlreadyExistsError if a bundle with this id is stored, which is left as it is;
    AssetConflictError if an asset belongs to another bundle; and InvalidValueError before
    anything is sent. In any case nothing is written.
    """
    call = _create.bind(bundle)
    _check_assets_differ(call, bundle)
    if not (yield from written_or_undone(call, bundle.bundle_id)):
        raise AlreadyExistsError(f"bundle {bundle.bundle_id!r} exists: upsert replaces it")


@query
def _upsert(bundle: DraftBundleDTO) -> AssetOutcome: ...


@operation
def upsert(bundle: DraftBundleDTO) -> Steps[bool]:
    """Insert a bundle, or bring the stored one up to date; True if a row was written.

    The list of assets is replaced: what is not in it is deleted, and an asset that stays
    keeps its created_at. Nothing is written if the stored bundle is equal. Raises
    AssetConflictError if an asset belongs to another bundle, with nothing written, and
    InvalidValueError before anything is sent.
    """
    call = _upsert.bind(bundle)
    _check_assets_differ(call, bundle)
    return (yield from written_or_undone(call, bundle.bundle_id))


@query
def fetch(bundle_id: Id) -> DraftBundleDTO | None:
    """Return the bundle with this id and its assets in order, or None.

    Raises InvalidValueError before anything is sent.
    """
    ...


@query
def _fetch_by_draft(
    draft_id: Id, limit: Limit, after: Id | None
) -> list[DraftBundleDTO]: ...


@operation
def fetch_by_draft(
    draft_id: str, *, limit: int = 100, after: str | None = None
) -> Steps[list[DraftBundleDTO]]:
    """Return the bundles of a draft, the first stored first, at most limit of them.

    after is the bundle_id of the last one seen, to go on from there. Raises NotFoundError
    if the draft has no bundle of that id, and InvalidValueError before anything is sent.
    """
    page = yield from once(_fetch_by_draft.bind(draft_id, limit, after))
    if after is not None and not page:
        raise NotFoundError(f"draft {draft_id!r} has no bundle {after!r} to go on after")
    return page if after is None else page[1:]


@query
def stream(*, draft_id: Id | None = None) -> Iterator[DraftBundleDTO]:
    """Return the bundles, or those of a draft, one by one, the first stored first.

    As drafts.stream does. Raises InvalidValueError before anything is sent.
    """
    ...


@query
def _discard(bundle_id: Id) -> Outcome: ...


@operation
def discard(bundle_id: str) -> Steps[bool]:
    """Delete a bundle with its assets; True if there was one.

    Raises InvalidValueError before anything is sent.
    """
    return (yield from settled(_discard.bind(bundle_id))).outcome == "written"
