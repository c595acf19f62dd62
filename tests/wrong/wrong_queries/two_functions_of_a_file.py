"""Not to be imported."""

from . import query


@query
def titles(author_id: int) -> list[str]: ...


@query
def _titles(author_id: int) -> list[str]: ...
