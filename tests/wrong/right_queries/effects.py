"""Queries that may do what they do."""

from . import query


@query
def fetch(post_id: int) -> str | None: ...


@query
def lock(post_id: int) -> str | None: ...


@query
def pop(post_id: int) -> str | None: ...


@query
def insert_with_defaults(author_id: int, slug: str, title: str) -> bool: ...


@query
def table_named_as_a_system_one(name: str) -> bool: ...


@query
def merge(author_id: int, slug: str, title: str) -> int: ...
