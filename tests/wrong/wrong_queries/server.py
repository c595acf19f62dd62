"""What the server refuses; the words are its own."""

from . import query


@query
def syntax_error(author_id: int) -> list[str]: ...


@query
def unknown_table() -> list[str]: ...


@query
def table_of_others(asset_id: str) -> list[str]: ...


@query
def unknown_column(author_id: int) -> list[str]: ...


@query
def ambiguous_column(author_id: int) -> list[int]: ...


@query
def ungrouped_column(author_id: int) -> list[str]: ...


@query
def undetermined_parameter(author_id: int, wanted: str | None) -> list[str]: ...


@query
def value_for_an_identity(author_id: int, slug: str, title: str) -> bool: ...


@query
def unlike_types(author_id: int) -> list[str]: ...
