"""What DO UPDATE may do."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from . import query


class Post(Struct, kw_only=True):
    author_id: int
    slug: str
    title: str
    subtitle: str | None
    updated_at: Annotated[datetime, Meta(tz=True)]


@query
def distinct(post: Post) -> bool: ...


@query
def distinct_rows(post: Post) -> bool: ...


@query
def coalesced(post: Post) -> bool: ...


@query
def not_equal(author_id: int, slug: str, title: str) -> bool: ...


@query
def with_another_condition(author_id: int, slug: str, title: str) -> bool: ...


@query
def do_nothing(author_id: int, slug: str, title: str) -> bool: ...


@query
def now_in_the_values(author_id: int, slug: str, title: str) -> bool: ...


@query
def outcome(post: Post) -> Literal["written", "unchanged"]: ...


@query
def function_that_is_waived(author_id: int, slug: str, title: str) -> bool: ...


@query
def null_by_itself(author_id: int, slug: str, title: str, subtitle: str | None) -> bool: ...


@query
def collated(author_id: int, slug: str, title: str) -> bool: ...
