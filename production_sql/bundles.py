"""Draft bundles, each with its assets."""

from collections.abc import Callable, Hashable, Iterator
from itertools import pairwise

from psycopg.errors import UniqueViolation

from .binding import Page
from .dtos import DraftBundleDTO, Id, Limit
from .errors import AlreadyExistsError, InvalidValueError, NotFoundError
from .files import query
from .many import Pages, Source, written_in_pages
from .operation import Steps, atomic_operation, once, operation
from .outcome import (
    AssetOutcome,
    ManyBundlesOutcome,
    Outcome,
    asset_conflict,
    settled,
    written_or_undone,
    written_up_to_taken,
)
from .runner import Call

__all__ = [
    "create",
    "discard",
    "fetch",
    "fetch_by_draft",
    "stream",
    "upsert",
    "upsert_many",
]


def _check_assets_differ(bundle: DraftBundleDTO, where: str) -> None:
    first: dict[str, int] = {}
    for index, asset in enumerate(bundle.assets):
        if (earlier := first.setdefault(asset.asset_id, index)) != index:
            raise InvalidValueError(
                f"{where}.assets[{index}].asset_id: {asset.asset_id!r} is that of "
                f"assets[{earlier}] too: a bundle has an asset once"
            )


@query
def _create(bundle: DraftBundleDTO) -> AssetOutcome: ...


@operation
def create(bundle: DraftBundleDTO) -> Steps[None]:
    """Insert a bundle with its assets.

    In autocommit it is committed when the call returns; otherwise it is the caller's to
    commit, and a savepoint in the transaction. Raises AlreadyExistsError if a bundle with
    this id is stored, which is left as it is; AssetConflictError, naming both bundles, if
    an asset belongs to another; InvalidValueError, before anything is sent, for a value
    that would not come back equal or an asset that is listed twice; and ProductionError if
    a trigger keeps holding back the write. In any case nothing is written, and the
    caller's transaction goes on.
    """
    call = _create.bind(bundle)
    _check_assets_differ(bundle, "bundles.create: DraftBundleDTO")
    if not (yield from written_or_undone(call, bundle.bundle_id)):
        raise AlreadyExistsError(f"bundle {bundle.bundle_id!r} exists: upsert replaces it")


@query
def _upsert(bundle: DraftBundleDTO) -> AssetOutcome: ...


@operation
def upsert(bundle: DraftBundleDTO) -> Steps[bool]:
    """Insert a bundle, or bring the stored one up to date; True if a row was written.

    The list of assets is replaced: what is not in it is deleted, and an asset that stays
    keeps its created_at. Nothing is written if the stored bundle is equal. In autocommit it
    is committed when the call returns; otherwise it is the caller's to commit, and a
    savepoint in the transaction. Raises AssetConflictError, naming both bundles, if an
    asset belongs to another; InvalidValueError, before anything is sent, for a value that
    would not come back equal or an asset that is listed twice; and ProductionError if a
    trigger keeps holding back the write. In any case nothing is written, and the caller's
    transaction goes on.
    """
    call = _upsert.bind(bundle)
    _check_assets_differ(bundle, "bundles.upsert: DraftBundleDTO")
    return (yield from written_or_undone(call, bundle.bundle_id))


@query
def _upsert_many(bundles: list[DraftBundleDTO]) -> ManyBundlesOutcome: ...


def _keys(bundle: DraftBundleDTO) -> Iterator[Hashable]:
    yield bundle.bundle_id
    for asset in bundle.assets:
        yield "asset", asset.asset_id


def _write(page: Page[DraftBundleDTO]) -> Steps[int]:
    call = _upsert_many.bind(page)
    for place, bundle in enumerate(page, page.start):
        _check_assets_differ(bundle, f"bundles.upsert_many: bundles[{place}]")
    return _send(page, call, [])


def _send(
    page: Page[DraftBundleDTO],
    call: Call[ManyBundlesOutcome],
    lost_races: list[UniqueViolation],
) -> Steps[int]:
    written, outcome = yield from written_up_to_taken(call, lost_races)
    if outcome.taken[:1] == [0]:
        where = f"bundles.upsert_many: bundles[{page.start}]: "
        cause = lost_races[-1] if lost_races else None
        raise asset_conflict(outcome, page[0].bundle_id, where) from cause
    # By now those before it in the page may have given up what it lists.
    for start, end in pairwise([*outcome.taken, len(page)]):
        rest = Page(page[start:end], page.start + start)
        written += yield from _send(rest, _upsert_many.bind(rest), lost_races)
    return written


@atomic_operation
def upsert_many(
    bundles: Source[DraftBundleDTO],
    *,
    batch_size: int = 500,
    on_progress: Callable[[int], object] | None = None,
) -> Steps[int]:
    """Insert bundles, or bring the stored ones up to date; how many were written.

    bundles is an iterable, or with an AsyncConnection an async one too, of any length: it
    is read and sent batch_size at a time. After each batch on_progress, a plain function,
    is called with the number of bundles that are done.

    All of it takes effect or nothing, and as if each bundle had its upsert in the order
    given: an asset goes from one to another if the one comes first that gives it up. In
    autocommit it is a transaction, otherwise a savepoint in the caller's. Another load into
    the schema, of drafts or bundles, waits for the end of the transaction. Raises
    InvalidValueError, with the place of the bundle in the iterable, before anything of its
    batch is sent; AssetConflictError, with its place too, if an asset belongs to another
    bundle; ProductionError if a trigger keeps holding back a write; and whatever the
    iterable or on_progress raises.
    """
    pages = Pages("bundles.upsert_many", bundles, batch_size, _keys)
    return (yield from written_in_pages(pages, _write, on_progress))


@query
def fetch(bundle_id: Id) -> DraftBundleDTO | None:
    """Return the bundle with this id and its assets in order, or None.

    Only reads, as part of the caller's transaction, if there is one. Raises
    InvalidValueError, before anything is sent, for what no id can be: one has 1 to 640
    characters.
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

    Each has its assets in order. after is the bundle_id of the last one seen, to go on from
    there. Only reads, as part of the caller's transaction, if there is one. Raises
    NotFoundError if the draft has no bundle of that id, and InvalidValueError, before
    anything is sent, for what no id or limit can be; the transaction stays usable.
    """
    page = yield from once(_fetch_by_draft.bind(draft_id, limit, after))
    if after is not None and not page:
        raise NotFoundError(f"draft {draft_id!r} has no bundle {after!r} to go on after")
    return page if after is None else page[1:]


@query
def stream(*, draft_id: Id | None = None) -> Iterator[DraftBundleDTO]:
    """Return the bundles, or those of a draft, one by one, the first stored first.

    Each has its assets in order. As drafts.stream does: in constant memory, to be read to
    the end or closed (``with bundles.stream(conn) as rows:``), within the caller's
    transaction or, in autocommit, with a snapshot of its own. An async connection gives an
    async iterator. Raises InvalidValueError, before anything is sent, for what no id can
    be.
    """
    ...


@query
def _discard(bundle_id: Id) -> Outcome: ...


@operation
def discard(bundle_id: str) -> Steps[bool]:
    """Delete a bundle with its assets; True if there was one.

    In autocommit that is committed when the call returns; otherwise it is the caller's to
    commit. Raises InvalidValueError, before anything is sent, for what no id can be, with
    the caller's transaction as it was; and ProductionError if a trigger keeps holding back
    the deletion.
    """
    return (yield from settled(_discard.bind(bundle_id))).outcome == "written"
