"""What DO UPDATE should not do."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from . import query


class Post(Struct, kw_only=True):
    author_id: int
    slug: str
    title: str
    subtitle: str | None
    updated_at: Annotated[datetime, Meta(tz=True)]


@query
def without_where(author_id: int, slug: str, title: str) -> bool: ...


@query
def where_that_misses_a_column(post: Post) -> bool: ...


@query
def where_that_takes_both(author_id: int, slug: str, title: str) -> bool: ...


@query
def where_the_other_way_round(author_id: int, slug: str, title: str) -> bool: ...


@query
def where_that_is_null(post: Post) -> bool: ...


@query
def now_in_the_set(author_id: int, slug: str, title: str) -> bool: ...


@query
def subquery_in_the_set(author_id: int, slug: str, title: str) -> bool: ...


@query
def other_than_excluded(author_id: int, slug: str, title: str) -> bool: ...


@query
def column_that_is_not_set(author_id: int, slug: str, title: str) -> bool: ...


@query
def guard_of_the_length(author_id: int, slug: str, title: str) -> bool: ...


@query
def guard_that_is_false(author_id: int, slug: str, title: str) -> bool: ...


@query
def guard_that_is_true(author_id: int, slug: str, title: str) -> bool: ...
