"""Posts, with every kind of parameter and result that the runner knows."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from production_sql.operation import Steps, atomic, once, operation

from . import query


class Mood(Enum):
    CALM = "calm"
    LOUD = "loud"


class Author(Struct, frozen=True):
    name: str
    born: date | None = None


class Post(Struct, frozen=True, kw_only=True):
    post_id: int
    title: str
    author: Author
    tags: list[str]
    rating: float | None = None


class Line(Struct, frozen=True):
    number: int
    text: str
    marks: dict[str, Any]
    when: datetime | None = None


class Scalars(Struct, frozen=True, kw_only=True):
    text: str
    integer: int
    number: float
    truth: bool
    amount: Decimal
    key: UUID
    moment: datetime
    day: date
    hour: time
    span: timedelta
    data: bytes
    mood: Mood
    size: Literal["small", "large"]
    nothing: int | None


class Echo(Struct, frozen=True, kw_only=True):
    text: str
    integer: int
    number: float
    truth: bool
    amount: Decimal
    key: UUID
    moment: datetime
    day: date
    hour: time
    span: timedelta
    data: bytes
    mood: str
    size: str
    nothing: int | None


@query
def create_table() -> None: ...


@query
def insert(post: Post) -> bool: ...


@query
def fetch(post_id: int) -> Post | None: ...


@query
def get(post_id: int) -> Post: ...


@query
def fetch_all() -> list[Post]: ...


@query
def stream() -> Iterator[Post]: ...


@query
def titles(authors: list[str]) -> list[str]: ...


@query
def tags(post_id: int) -> list[str]: ...


@query
def tags_as_json(post_id: int) -> dict[str, list[str]]: ...


@query
def rate_all(rating: float | None) -> int: ...


@query
def rate_like(pattern: str, rating: float) -> bool: ...


@query
def echo(scalars: Scalars) -> Echo: ...


@query
def lines(lines: list[Line]) -> list[Line]: ...


@query
def latest_moment() -> datetime | None: ...


@query
def moods() -> list[Mood]: ...


@query
def array() -> list[list[str]]: ...


@query
def maximum() -> int | None: ...


@query
def one_type(number: int | None) -> list[int | None]: ...


@query
def log(message: str) -> None: ...


@query
def fail(message: str) -> int: ...


@operation
def insert_two(first: Post, second: Post) -> Steps[tuple[bool, bool]]:
    """Insert two posts, or none."""
    return (yield from atomic(insert.bind(first), insert.bind(second)))


@operation
def insert_and_rate_all(post: Post, rating: float) -> Steps[tuple[bool, int]]:
    """Insert a post and rate all there are, or do neither."""
    return (yield from atomic(insert.bind(post), rate_all.bind(rating)))


@operation
def insert_or_log(post: Post) -> Steps[str]:
    """Insert a post after a check that fails; the failure is undone, and known here."""
    try:
        yield from atomic(insert.bind(post), fail.bind("broken"))
    except ValueError:
        raise
    except Exception as error:
        yield from once(log.bind(type(error).__name__))
        return type(error).__name__
    return "inserted"
