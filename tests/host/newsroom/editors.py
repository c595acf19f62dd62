"""A table of the host's own, by queries of its own on the package's runner."""

from pathlib import Path

from msgspec import Struct

from production_sql.runner import Queries

query = Queries(Path(__file__).parent / "sql")


class Editor(Struct, frozen=True):
    """Who looks after a draft."""

    draft_id: str
    name: str


@query
def create_table() -> None:
    """Create the table of editors."""


@query
def appoint(editor: Editor) -> None:
    """Make somebody the editor of a draft."""


@query
def fetch(draft_id: str) -> Editor | None:
    """Return the editor of a draft."""


query.check_complete()
