"""Files that are not one statement."""

from . import query


@query
def two_statements(author_id: int) -> list[str]: ...
