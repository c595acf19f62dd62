"""Results of another type than the server gives."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from . import query


class Post(Struct, kw_only=True):
    slug: str
    title: str


class AuthorPost(Struct, kw_only=True):
    name: str
    title: str


@query
def text_as_int(author_id: int) -> list[int]: ...


@query
def numeric_as_float(post_id: int) -> float | None: ...


@query
def timestamp_with_zone(
    post_id: int,
) -> list[Annotated[datetime, Meta(tz=True)] | None]: ...


@query
def array_of_others(post_id: int) -> list[list[int]]: ...


@query
def enum_without_cast(author_id: int) -> list[str]: ...


@query
def missing_column(author_id: int) -> list[Post]: ...


@query
def extra_column(author_id: int) -> list[Post]: ...


@query
def extra_column_of_a_star(author_id: int) -> list[Post]: ...


@query
def column_twice(author_id: int) -> list[Post]: ...


@query
def two_columns_for_a_scalar(author_id: int) -> list[str]: ...


@query
def no_columns(post_id: int, title: str) -> str | None: ...


@query
def columns_for_a_row_count(author_id: int) -> int: ...


@query
def null_by_a_left_join(author_id: int) -> list[AuthorPost]: ...


@query
def null_by_the_table(author_id: int) -> list[str]: ...


@query
def null_without_a_row(author_id: int) -> list[AuthorPost]: ...


@query
def null_of_no_rows(author_id: int) -> datetime: ...


@query
def constant_that_the_literal_lacks(
    post_id: int,
) -> Literal["free", "cheap"] | None: ...


@query
def label_that_the_literal_lacks(author_id: int) -> list[Literal["draft", "shown"]]: ...
