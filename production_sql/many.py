"""Writing from an iterable of any length, page by page."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Generic, TypeAlias, TypeVar

from .binding import Page, RefusedError, binder
from .dtos import Limit
from .errors import InvalidValueError
from .operation import Steps, take

T = TypeVar("T")
Source: TypeAlias = Iterable[T] | AsyncIterable[T]
_bind_size = binder(Limit)


class Pages(Generic[T]):
    """What an iterable gives, in pages in which no key is there twice.

    Where one comes again a page ends, so that all is stored as if it were one by one.
    """

    def __init__(self, call: str, source: Source[T], size: int, key: str) -> None:
        try:
            _bind_size(size)
        except RefusedError as refused:
            raise InvalidValueError(f"{call}: batch_size: {refused.reason}") from None
        self._items: Iterator[T] | AsyncIterator[T] = (
            aiter(source) if isinstance(source, AsyncIterable) else iter(source)
        )
        self._size = size
        self._key = key
        self._rest: list[T] = []
        self._is_at_end = False
        self.taken = 0

    def next(self) -> Steps[Page[T]]:
        """Return the next page; an empty one is the end."""
        wanted = self._size - len(self._rest)
        if wanted and not self._is_at_end:  # what has ended is not asked again
            more = yield from take(self._items, wanted)
            self._is_at_end = len(more) < wanted
            self._rest += more
        count = self._without_repetition()
        page = Page(self._rest[:count], self.taken)
        del self._rest[:count]
        self.taken += count
        return page

    def _without_repetition(self) -> int:
        keys: set[str] = set()
        for count, item in enumerate(self._rest):
            key = getattr(item, self._key, None)
            if isinstance(key, str):  # what is no key is refused when it is bound
                if key in keys:
                    return count
                keys.add(key)
        return len(self._rest)
