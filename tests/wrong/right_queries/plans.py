"""Queries that an index serves, or need none."""

from . import query


@query
def index_by_its_first_column(author_id: int) -> list[int]: ...


@query
def limit_in_the_order_of_an_index() -> list[int]: ...


@query
def page(author_id: int, after: int | None) -> list[int]: ...


@query
def scan_with_a_reason() -> list[str]: ...


@query
def scan_of_two_tables() -> list[str]: ...


@query
def view(author_id: int) -> list[str]: ...


@query
def no_table() -> list[int]: ...
