"""Notes on drafts, and the approvals that close them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from production_sql import AlreadyExistsError, NotFoundError, drafts
from production_sql.operation import Steps, atomic, once, operation

from .queries import query

# As production's. The length is what an index takes, and is checked when a value is sent.
Id = Annotated[str, Meta(min_length=1, max_length=640)]


class Note(Struct, frozen=True, kw_only=True):
    """A remark of an author on a draft; the next approval of the draft closes it."""

    note_id: Id
    draft_id: Id
    author: str
    remark: str
    is_open: bool = True


class Approval(Struct, frozen=True, kw_only=True):
    """Who was the first to approve a draft, and when."""

    draft_id: Id
    editor: str
    approved_at: datetime


@query
def _create(note: Note) -> bool: ...


@operation
def create(note: Note) -> Steps[None]:
    """Store a note on a draft.

    Raises NotFoundError if the draft is not stored, AlreadyExistsError if a note with this
    id is, and InvalidValueError for an id that is empty or of more than 640 characters.
    """
    # In the caller's transaction, as all of it.
    if (yield from once(drafts.fetch.bind(note.draft_id))) is None:
        raise NotFoundError(f"draft {note.draft_id!r} is not stored")
    if not (yield from once(_create.bind(note))):
        raise AlreadyExistsError(f"note {note.note_id!r} exists")


@query
def fetch(note_id: Id) -> Note | None:
    """Return the note with this id, or None."""
    ...


@query
def fetch_by_draft(
    draft_id: Id, *, limit: int = 100, after: Id | None = None
) -> list[Note]:
    """Return the notes on a draft, the first stored first, at most limit of them.

    after is the note_id of the last one seen, to go on from there; there are none after one
    that is not on the draft.
    """
    ...


@query
def stream() -> Iterator[Note]:
    """Return all notes one by one, the first stored first."""
    ...


@query
def _close(draft_id: Id) -> int: ...


@query
def _approve(draft_id: Id, editor: str) -> bool: ...


@operation
def approve(draft_id: str, editor: str) -> Steps[int]:
    """Approve a draft and close its open notes, or do neither; how many were closed.

    An approval that is there already stays as it is, and notes made since are closed.
    Raises InvalidValueError for an empty draft_id, or one of more than 640 characters.
    """
    closed, _ = yield from atomic(_close.bind(draft_id), _approve.bind(draft_id, editor))
    return closed


@query
def fetch_approval(draft_id: Id) -> Approval | None:
    """Return the approval of a draft, or None."""
    ...
