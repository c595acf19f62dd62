"""The statements that make an operation's queries one unit."""

from .files import query


@query
def begin() -> None:
    """Open a transaction."""


@query
def commit() -> None:
    """Commit the transaction."""


@query
def rollback() -> None:
    """Undo the transaction."""


@query
def savepoint() -> None:
    """Mark where an operation begins."""


@query
def release() -> None:
    """Forget the mark."""


@query
def rollback_to() -> None:
    """Undo everything since the mark, which stays."""
