"""Queries that no index serves, and what is said about it."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from . import query

Moment = Annotated[datetime, Meta(tz=True)]


@query
def no_index(title: str) -> list[int]: ...


@query
def function_on_the_column(slug: str) -> int | None: ...


@query
def leading_wildcard(end: str) -> list[int]: ...


@query
def index_without_its_first_column(shown_at: Moment) -> list[int]: ...


@query
def scan_within_a_view() -> list[str]: ...


@query
def waiver_without_a_reason() -> list[str]: ...


@query
def waiver_not_needed(author_id: int) -> list[str]: ...


@query
def waiver_of_another_table() -> list[str]: ...


@query
def scan_of_partitions(page: str) -> list[int]: ...


@query
def scan_of_one_partition(page: str) -> list[int]: ...
