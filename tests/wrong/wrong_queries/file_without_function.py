"""Of the two files one has no function."""

from . import query


@query
def titles(author_id: int) -> list[str]: ...
