"""Parameters of another type than the server takes."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from . import query


class State(Enum):
    DRAFT = "draft"
    DELETED = "deleted"


class Post(Struct, kw_only=True):
    author_id: int
    slug: str
    title: str | None


@query
def int_for_text(title: int, post_id: int) -> bool: ...


@query
def str_for_timestamptz(author_id: int, since: str) -> list[str]: ...


@query
def date_for_timestamptz(author_id: int, since: date) -> list[str]: ...


@query
def datetime_without_zone(author_id: int, since: datetime) -> list[str]: ...


@query
def datetime_with_zone(
    post_id: int, local_at: Annotated[datetime, Meta(tz=True)]
) -> bool: ...


@query
def list_for_array(post_id: int, tags: list[str]) -> bool: ...


@query
def dict_for_text(post_id: int, title: dict[str, Any]) -> bool: ...


@query
def float_for_numeric(post_id: int, price: float) -> bool: ...


@query
def literal_that_the_enum_lacks(
    post_id: int, state: Literal["draft", "deleted"]
) -> bool: ...


@query
def member_that_the_enum_lacks(post_id: int, state: State) -> bool: ...


@query
def str_for_enum(post_id: int, state: str) -> bool: ...


@query
def str_for_json(post_id: int, extra: str) -> bool: ...


@query
def literal_for_json(post_id: int, extra: Literal["a"]) -> bool: ...


@query
def none_for_not_null(post_id: int, title: str | None) -> bool: ...


@query
def none_in_a_struct_for_not_null(post: Post) -> bool: ...
