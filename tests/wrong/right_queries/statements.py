"""Statements of all forms."""

from msgspec import Struct

from . import query


class Author(Struct):
    id: int
    name: str
    email: str | None


@query
def semicolon_at_the_end(author_id: int) -> list[str]: ...


@query
def percent_and_dollar(author_id: int) -> list[str]: ...


@query
def utility() -> None: ...


@query
def values() -> list[str]: ...


@query
def reads_a_system_table() -> list[str]: ...


@query
def optional_with_a_cast(author_id: int, wanted: str | None) -> list[str]: ...


@query
def recursive(first: int, title: str, slug: str) -> int: ...


@query
def allowed_in_prose(author_id: int) -> list[str]: ...


@query
def nothing_to_return() -> list[str | None]: ...


@query
def whole_table() -> list[Author]: ...


@query
def scan_of_partitions(page: str) -> list[int]: ...


@query
def scan_of_one_partition(page: str) -> list[int]: ...
