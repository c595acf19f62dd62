"""Not to be imported."""

from datetime import datetime

from . import query


@query
def titles(author_id: int, since: datetime) -> list[str]: ...
