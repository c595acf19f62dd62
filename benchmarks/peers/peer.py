"""What every contestant has."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeAlias


class Peer(ABC):
    """A contestant with its connection, in sync code."""

    name: ClassVar[str]
    # Of a method whose result is compared only: what makes a Struct of it.
    structs: ClassVar[dict[str, Callable[[Any], Any]]] = {}

    @classmethod
    @abstractmethod
    def connect(cls, dsn: str) -> Self:
        """Open the connection."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""


class AsyncPeer(ABC):
    """The same in async code."""

    name: ClassVar[str]
    structs: ClassVar[dict[str, Callable[[Any], Any]]] = {}

    @classmethod
    @abstractmethod
    async def connect(cls, dsn: str) -> Self:
        """Open the connection."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connection."""


AnyPeer: TypeAlias = Peer | AsyncPeer
