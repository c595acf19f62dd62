"""Content drafts."""

from collections.abc import Callable, Iterator

from .dtos import ContentDraftDTO, Id, Limit
from .errors import AlreadyExistsError, NotFoundError
from .files import query
from .many import Pages, Source, written_in_pages
from .operation import Steps, atomic_operation, once, operation
from .outcome import ManyOutcome, Outcome, settled, written_of_many

__all__ = [
    "create",
    "discard",
    "fetch",
    "fetch_by_strategy",
    "stream",
    "upsert",
    "upsert_many",
]


@query
def _create(draft: ContentDraftDTO) -> bool: ...


@operation
def create(draft: ContentDraftDTO) -> Steps[None]:
    """Insert a draft.

    In autocommit it is committed when the call returns; otherwise it is the caller's to
    commit. Raises AlreadyExistsError if a draft with this id is stored, which is left as it
    is, and InvalidValueError, before anything is sent, for a value that would not come back
    equal. After either the caller's transaction goes on as if nothing had been.
    """
    if not (yield from once(_create.bind(draft))):
        raise AlreadyExistsError(f"draft {draft.draft_id!r} exists: upsert replaces it")


@query
def _upsert(draft: ContentDraftDTO) -> Outcome: ...


@operation
def upsert(draft: ContentDraftDTO) -> Steps[bool]:
    """Insert a draft, or bring the stored one up to date; True if a row was written.

    Nothing is written if the stored draft is equal but for created_at, which stays that of
    the first write. In autocommit it is committed when the call returns; otherwise it is
    the caller's to commit. Raises InvalidValueError, before anything is sent, for a value
    that would not come back equal, with the caller's transaction as it was; and
    ProductionError if a trigger keeps holding back the write.
    """
    return (yield from settled(_upsert.bind(draft))).outcome == "written"


@query
def _upsert_many(drafts: list[ContentDraftDTO]) -> ManyOutcome: ...


@atomic_operation
def upsert_many(
    drafts: Source[ContentDraftDTO],
    *,
    batch_size: int = 500,
    on_progress: Callable[[int], object] | None = None,
) -> Steps[int]:
    """Insert drafts, or bring the stored ones up to date; how many rows were written.

    drafts is an iterable, or with an AsyncConnection an async one too, of any length: it is
    read and sent batch_size at a time. After each batch on_progress, a plain function, is
    called with the number of drafts that are done. A draft that is equal to the stored one
    is neither written nor counted; one that comes again is stored as if each had its
    upsert.

    All of it takes effect or nothing: in autocommit it is a transaction, otherwise a
    savepoint in the caller's. Another such call in the schema, or of bundles.upsert_many,
    waits for the end of the transaction.
    (A task that is cancelled at the very end may find all of it stored.)
    Raises InvalidValueError, with the place of the draft in the iterable, before anything
    of its batch is sent; ProductionError if a trigger keeps holding back a write; and
    whatever the iterable or on_progress raises.
    """
    pages = Pages("drafts.upsert_many", drafts, batch_size, lambda draft: [draft.draft_id])
    return (
        yield from written_in_pages(
            pages, lambda page: written_of_many(_upsert_many.bind(page)), on_progress
        )
    )


@query
def fetch(draft_id: Id) -> ContentDraftDTO | None:
    """Return the draft with this id, or None.

    Only reads, as part of the caller's transaction, if there is one. Raises
    InvalidValueError, before anything is sent, for what no id can be: one has 1 to 640
    characters.
    """
    ...


@query
def _fetch_by_strategy(
    strategy_id: Id, limit: Limit, after: Id | None
) -> list[ContentDraftDTO]: ...


@operation
def fetch_by_strategy(
    strategy_id: str, *, limit: int = 100, after: str | None = None
) -> Steps[list[ContentDraftDTO]]:
    """Return the drafts of a strategy, oldest first, at most limit of them.

    They are in the order of their created_at, and where that is equal in that of their
    first write. after is the draft_id of the last one seen, to go on from there. Only
    reads, as part of the caller's transaction, if there is one. Raises NotFoundError if the
    strategy has no draft of that id, and InvalidValueError, before anything is sent, for
    what no id or limit can be; the transaction stays usable.
    """
    page = yield from once(_fetch_by_strategy.bind(strategy_id, limit, after))
    if after is not None and not page:
        raise NotFoundError(
            f"strategy {strategy_id!r} has no draft {after!r} to go on after"
        )
    return page if after is None else page[1:]


@query
def stream(*, strategy_id: Id | None = None) -> Iterator[ContentDraftDTO]:
    """Return the drafts, or those of a strategy, one by one, the first stored first.

    For any number of them in constant memory: the server keeps the rows and is asked for a
    hundred at a time. To be read to the end or closed (``with drafts.stream(conn) as
    rows:``), within the caller's transaction or, in autocommit, with a snapshot of its own.
    An async connection gives an async iterator. Raises InvalidValueError, before anything
    is sent, for what no id can be.
    """
    ...


@query
def _discard(draft_id: Id) -> Outcome: ...


@operation
def discard(draft_id: str) -> Steps[bool]:
    """Delete a draft, its bundles and their assets; True if there was anything to delete.

    All of them go or none. In autocommit that is committed when the call returns; otherwise
    it is the caller's to commit. Raises InvalidValueError, before anything is sent, for
    what no id can be, with the caller's transaction as it was; and ProductionError if a
    trigger keeps holding back the deletion.
    """
    return (yield from settled(_discard.bind(draft_id))).outcome == "written"
