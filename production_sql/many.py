"""Writing from an iterable of any length, page by page."""

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Hashable,
    Iterable,
    Iterator,
)
from typing import Generic, TypeAlias, TypeVar

from .binding import Page, RefusedError, binder
from .dtos import Limit
from .errors import InvalidValueError
from .files import query
from .operation import Steps, once, take

T = TypeVar("T")
Source: TypeAlias = Iterable[T] | AsyncIterable[T]
_bind_size = binder(Limit)


@query
def _lock() -> None: ...


class Pages(Generic[T]):
    """What an iterable gives, in pages in which no two have a key in common.

    Where one comes again a page ends, so that all is stored as if it were one by one.
    """

    def __init__(
        self,
        call: str,
        source: Source[T],
        size: int,
        keys: Callable[[T], Iterable[Hashable]],
    ) -> None:
        try:
            _bind_size(size)
        except RefusedError as refused:
            raise InvalidValueError(f"{call}: batch_size: {refused.reason}") from None
        self._items: Iterator[T] | AsyncIterator[T] = (
            aiter(source) if isinstance(source, AsyncIterable) else iter(source)
        )
        self._size = size
        self._keys = keys
        self._rest: list[T] = []
        self._is_at_end = False
        self._taken = 0

    def next(self) -> Steps[Page[T]]:
        """Return the next page; an empty one is the end."""
        wanted = self._size - len(self._rest)
        if wanted and not self._is_at_end:  # what has ended is not asked again
            more = yield from take(self._items, wanted)
            self._is_at_end = len(more) < wanted
            self._rest += more
        count = self._without_repetition()
        page = Page(self._rest[:count], self._taken)
        del self._rest[:count]
        self._taken += count
        return page

    def _without_repetition(self) -> int:
        seen: set[Hashable] = set()
        for count, item in enumerate(self._rest):
            keys = self._keys_of(item)
            if not seen.isdisjoint(keys):
                return count
            seen |= keys
        return len(self._rest)

    def _keys_of(self, item: T) -> set[Hashable]:
        try:
            return set(self._keys(item))
        except (AttributeError, TypeError):  # it is refused when it is bound
            return set()


def written_in_pages(
    pages: Pages[T],
    write: Callable[[Page[T]], Steps[int]],
    on_progress: Callable[[int], object] | None,
) -> Steps[int]:
    """Write page after page, and return how many rows were written.

    write is called before anything of a page is sent, and what it returns sends it. No
    other load is under way meanwhile, and to the end of the transaction.
    """
    written = 0
    while page := (yield from pages.next()):
        steps = write(page)
        if not page.start:
            yield from once(_lock.bind())
        written += yield from steps
        if on_progress is not None:
            on_progress(page.start + len(page))
    return written
