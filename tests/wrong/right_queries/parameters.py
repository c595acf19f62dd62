"""Parameters as the server takes them."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from . import query

Moment = Annotated[datetime, Meta(tz=True)]


class State(Enum):
    DRAFT = "draft"
    HIDDEN = "hidden"


class Post(Struct, kw_only=True):
    author_id: int
    slug: Annotated[str, Meta(pattern="^[a-z-]+$")]
    title: str
    subtitle: str | None
    state: Literal["draft", "shown", "hidden"]
    tags: list[str]
    extra: dict[str, Any]
    price: Decimal
    shown_at: Moment | None
    local_at: Annotated[datetime, Meta(tz=False)] | None


@query
def all_of_them(post: Post) -> bool: ...


@query
def one_label(post_id: int, state: State) -> bool: ...


@query
def some_labels(post_id: int, state: Literal["draft", "shown"]) -> bool: ...


@query
def str_cast_to_the_enum(post_id: int, state: str) -> bool: ...


@query
def label_cast_to_text(author_id: int, state: Literal["draft", "lost"]) -> list[str]: ...


@query
def int_for_numeric(post_id: int, price: int) -> bool: ...


@query
def float_that_is_cast(post_id: int, price: float) -> bool: ...


@query
def date_that_is_cast(author_id: int, since: date) -> list[str]: ...


@query
def list_as_json(author_id: int, slugs: list[str]) -> list[str]: ...


@query
def scalar_as_json(post_id: int, extra: str) -> bool: ...


@query
def list_of_structs(posts: list[Post]) -> int: ...


@query
def none_that_is_coalesced(post_id: int, title: str | None) -> bool: ...


@query
def domain(slug: str) -> int | None: ...
