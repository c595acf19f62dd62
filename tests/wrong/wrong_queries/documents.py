"""JSON documents that are not what they are decoded to."""

from typing import Literal

from msgspec import Struct

from . import query


class Post(Struct, kw_only=True):
    slug: str
    title: str
    subtitle: str | None = None


class Priced(Struct, kw_only=True):
    slug: str
    price: int


class Shown(Struct, kw_only=True, tag="shown"):
    slug: str


class Hidden(Struct, kw_only=True, tag="hidden"):
    title: str


class Stated(Struct, kw_only=True):
    state: Literal["draft", "shown"]


class Tagged(Struct, kw_only=True):
    tags: list[int]


class Author(Struct, kw_only=True):
    name: str
    posts: list[Post]


@query
def lacks_a_key(author_id: int) -> list[list[Post]]: ...


@query
def extra_key(author_id: int) -> list[Author]: ...


@query
def wrong_type(author_id: int) -> list[list[Priced]]: ...


@query
def null_in_it(author_id: int) -> list[list[Post]]: ...


@query
def null_by_a_left_join(author_id: int) -> list[Author]: ...


@query
def array_for_an_object(author_id: int) -> list[Post | None]: ...


@query
def object_for_an_array(author_id: int) -> list[list[Post]]: ...


@query
def row_with_other_columns(author_id: int) -> list[Author]: ...


@query
def none_of_a_union(author_id: int) -> list[list[Shown | Hidden]]: ...


@query
def label_that_the_literal_lacks(author_id: int) -> list[list[Stated]]: ...


@query
def array_of_others(author_id: int) -> list[list[Tagged]]: ...
