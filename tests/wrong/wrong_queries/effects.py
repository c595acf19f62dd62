"""Queries that do what they must not, or not all that they must."""

from collections.abc import Iterator

from . import query


@query
def fetch_that_writes(post_id: int) -> list[str]: ...


@query
def fetch_that_locks(post_id: int) -> list[str]: ...


@query
def stream_that_writes(author_id: int) -> Iterator[str]: ...


@query
def stream_that_locks(author_id: int) -> Iterator[str]: ...


@query
def table_of_yoyo() -> list[str]: ...


@query
def writes_a_system_table(name: str) -> int: ...


@query
def insert_without_a_value(author_id: int, slug: str) -> bool: ...


@query
def merge_without_a_value(author_id: int, slug: str) -> int: ...


@query
def utility() -> None: ...


@query
def null_into_a_column(author_id: int, slug: str) -> bool: ...


@query
def update_through_a_view(post_id: int, title: str | None) -> bool: ...


@query
def insert_through_a_view(author_id: int, slug: str) -> bool: ...
