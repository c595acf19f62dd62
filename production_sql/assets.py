"""The assets of a bundle, one by one. To write one is to change its bundle."""

from .dtos import AssetDTO, Id
from .errors import AlreadyExistsError, NotFoundError
from .files import query
from .operation import Steps, operation
from .outcome import AssetOutcome, settled
from .runner import Call

__all__ = ["create", "fetch", "fetch_by_bundle", "upsert"]


def _write(
    call: Call[AssetOutcome], bundle_id: str, asset: AssetDTO
) -> Steps[AssetOutcome]:
    outcome = yield from settled(call)
    if outcome.outcome == "missing":
        raise NotFoundError(
            f"no bundle {bundle_id!r} to put asset {asset.asset_id!r} in: create it first"
        )
    return outcome


@query
def _create(bundle_id: Id, asset: AssetDTO) -> AssetOutcome: ...


@operation
def create(bundle_id: str, asset: AssetDTO) -> Steps[None]:
    """Add an asset at the end of a bundle's list.

    In autocommit it is committed when the call returns; otherwise it is the caller's to
    commit. Raises NotFoundError if there is no such bundle, AlreadyExistsError if the
    bundle has an asset with this id, AssetConflictError, naming both bundles, if another
    has it, InvalidValueError, before anything is sent, for a value that would not come back
    equal, and ProductionError if a trigger keeps holding back the write. In any case
    nothing is written, and the caller's transaction goes on.
    """
    outcome = yield from _write(_create.bind(bundle_id, asset), bundle_id, asset)
    if not outcome.is_written(bundle_id):
        raise AlreadyExistsError(
            f"asset {asset.asset_id!r} is in bundle {bundle_id!r}: upsert replaces it"
        )


@query
def _upsert(bundle_id: Id, asset: AssetDTO) -> AssetOutcome: ...


@operation
def upsert(bundle_id: str, asset: AssetDTO) -> Steps[bool]:
    """Add an asset at the end of a bundle's list, or bring the stored one up to date.

    Returns True if a row was written; nothing is if the stored asset is equal. In
    autocommit it is committed when the call returns; otherwise it is the caller's to
    commit. Raises NotFoundError if there is no such bundle, AssetConflictError, naming both
    bundles, if another has the asset, InvalidValueError, before anything is sent, for a
    value that would not come back equal, and ProductionError if a trigger keeps holding
    back the write. In any case nothing is written, and the caller's transaction goes on.
    """
    outcome = yield from _write(_upsert.bind(bundle_id, asset), bundle_id, asset)
    return outcome.is_written(bundle_id)


@query
def fetch(asset_id: Id) -> AssetDTO | None:
    """Return the asset with this id, or None.

    Only reads, as part of the caller's transaction, if there is one. Raises
    InvalidValueError, before anything is sent, for what no id can be: one has 1 to 640
    characters.
    """
    ...


@query
def fetch_by_bundle(bundle_id: Id) -> list[AssetDTO]:
    """Return the assets of a bundle in order; none if there is no such bundle.

    Only reads, as part of the caller's transaction, if there is one. Raises
    InvalidValueError, before anything is sent, for what no id can be: one has 1 to 640
    characters.
    """
    ...
