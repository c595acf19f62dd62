"""Results as the server gives them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from . import query

State = Literal["draft", "shown", "hidden"]


class Post(Struct, kw_only=True, rename="camel"):
    author_id: int
    slug: str
    title: Annotated[str, Meta(min_length=1)]
    subtitle: str | None
    state: State
    tags: list[str]
    extra: dict[str, Any]
    price: Decimal
    shown_at: Annotated[datetime, Meta(tz=True)] | None
    local_at: Annotated[datetime | None, Meta(title="local")]
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class AuthorPost(Struct, kw_only=True):
    name: str
    title: str | None


class Either(Struct, kw_only=True):
    title: int | str


@query
def all_of_them(author_id: int) -> list[Post]: ...


@query
def star_of_a_view(author_id: int) -> list[str]: ...


@query
def of_a_view(author_id: int) -> list[AuthorPost]: ...


@query
def row_count(post_id: int, title: str) -> int: ...


@query
def columns_of_returning(post_id: int, title: str) -> str | None: ...


@query
def left_join(author_id: int) -> list[AuthorPost]: ...


@query
def scalar_subquery(author_id: int) -> list[AuthorPost]: ...


@query
def latest(author_id: int) -> datetime | None: ...


@query
def count(author_id: int) -> list[int]: ...


@query
def constants(post_id: int) -> Literal["free", "cheap", "dear"] | None: ...


@query
def constants_of_a_cte(author_id: int) -> list[Literal["free", "dear"]]: ...


@query
def some_labels(author_id: int) -> list[Literal["draft", "shown", "hidden", "gone"]]: ...


@query
def anything(author_id: int) -> list[Any]: ...


@query
def one_of_two(author_id: int) -> list[Either]: ...


@query
def arrays_of_arrays() -> list[list[list[int]]]: ...


@query
def stream(author_id: int) -> Iterator[str]: ...


@query
def exactly_one() -> int | None: ...


@query
def not_null_by_the_condition(author_id: int) -> list[str]: ...


@query
def union_of_two(author_id: int) -> list[AuthorPost]: ...
