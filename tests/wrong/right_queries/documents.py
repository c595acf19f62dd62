"""JSON documents that are what they are decoded to."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from . import query


class Post(Struct, kw_only=True, rename="camel"):
    author_id: int
    title: str
    subtitle: str | None = None
    shown_at: Annotated[datetime, Meta(tz=True)] | None = None
    tags: list[str] = []
    price: Decimal | float | UnsetType = UNSET
    state: Literal["draft", "shown", "hidden"] = "draft"


class Author(Struct, kw_only=True):
    name: str
    posts: list[Post]


class Titled(Struct, kw_only=True):
    id: int
    title: str


class Titles(Struct, kw_only=True):
    name: str
    posts: list[Titled] | None


class Found(Struct, kw_only=True):
    post: Titled


class Shown(Struct, kw_only=True, tag="shown"):
    slug: str


class Hidden(Struct, kw_only=True, tag="hidden"):
    title: str


class Pair(TypedDict):
    slug: str
    subtitle: NotRequired[str | None]


@dataclass
class Record:
    slug: str
    title: str = ""


@query
def nested(author_id: int) -> list[Author]: ...


@query
def left_join_with_a_filter(author_id: int) -> list[Titles]: ...


@query
def members_of_a_left_join_with_a_filter(author_id: int) -> list[Titles]: ...


@query
def rows(author_id: int) -> list[list[Titled]]: ...


@query
def row(author_id: int) -> list[Found]: ...


@query
def row_of_a_table(author_id: int) -> list[dict[str, Any]]: ...


@query
def tagged(author_id: int) -> list[list[Shown | Hidden]]: ...


@query
def typed_dict(author_id: int) -> list[Pair]: ...


@query
def data_class(author_id: int) -> list[list[Record]]: ...


@query
def texts_by_name(author_id: int) -> list[dict[str, str | None]]: ...


@query
def stored(author_id: int) -> list[dict[str, Any]]: ...


@query
def raw(author_id: int) -> list[Raw]: ...


@query
def concatenated(author_id: int) -> list[list[Post]]: ...
