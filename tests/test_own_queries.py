"""examples/own_queries: another module's tables and queries on the same runner.

Its page is run by tests/test_check_docs.py.
"""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from production_sql import (
    AlreadyExistsError,
    InvalidValueError,
    NotFoundError,
    drafts,
    schema,
)

from .client import Client, read
from .markdown import CHECKOUT
from .samples import draft
from .test_schema import query, url

EXAMPLE = CHECKOUT / "examples" / "own_queries"
MIGRATION = EXAMPLE / "migrations" / "0001.add_editorial_tables.sql"


@pytest.fixture
def notes(client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The example's module; its tables, and a draft in production's, are there."""
    client.execute(MIGRATION.read_text("utf-8"))
    client(drafts.create, draft("draft_1"))
    monkeypatch.syspath_prepend(str(EXAMPLE))
    yield import_module("editorial.notes")
    for name in [name for name in sys.modules if name.partition(".")[0] == "editorial"]:
        del sys.modules[name]


def note(notes: Any, number: int, draft_id: str = "draft_1") -> Any:
    note_id = f"note_{number}"
    return notes.Note(note_id=note_id, draft_id=draft_id, author="ann", remark="Why?")


def test_a_note_is_on_a_draft_that_the_same_transaction_sees(
    client: Client, notes: Any
) -> None:
    client.use_transactions()
    with pytest.raises(NotFoundError, match="draft 'draft_2' is not stored"):
        client(notes.create, note(notes, 1, "draft_2"))
    client(drafts.create, draft("draft_2"))
    client(notes.create, note(notes, 1, "draft_2"))
    with pytest.raises(AlreadyExistsError, match="note 'note_1' exists"):
        client(notes.create, note(notes, 1))

    assert client(notes.fetch, "note_1") == note(notes, 1, "draft_2")
    client.rollback()
    assert client(notes.fetch, "note_1") is None
    assert client(drafts.fetch, "draft_2") is None


def test_notes_come_in_pages_and_as_a_stream(client: Client, notes: Any) -> None:
    client(drafts.create, draft("draft_2"))
    stored = [note(notes, number) for number in (3, 1, 2)]
    other = note(notes, 4, "draft_2")
    for each in (*stored, other):
        client(notes.create, each)

    assert client(notes.fetch_by_draft, "draft_1", limit=2) == stored[:2]
    assert client(notes.fetch_by_draft, "draft_1", after="note_1") == stored[2:]
    assert client(notes.fetch_by_draft, "draft_1", after="note_4") == []
    assert read(client, notes.stream(client.conn)) == [*stored, other]


def test_an_approval_and_the_closing_of_the_notes_come_together(
    client: Client, notes: Any
) -> None:
    client(notes.create, note(notes, 1))
    client.execute("ALTER TABLE editorial_approvals ADD CHECK (editor != 'nobody')")
    with pytest.raises(psycopg.errors.CheckViolation):
        client(notes.approve, "draft_1", "nobody")
    assert client(notes.fetch, "note_1").is_open

    assert client(notes.approve, "draft_1", "carla") == 1
    assert client(notes.approve, "draft_1", "dora") == 0

    assert not client(notes.fetch, "note_1").is_open
    assert client(notes.fetch_approval, "draft_1").editor == "carla"


def test_a_note_that_is_made_after_an_approval_is_open_until_the_next(
    client: Client, notes: Any
) -> None:
    client(notes.approve, "draft_1", "carla")
    client(notes.create, note(notes, 1))
    assert client(notes.fetch, "note_1").is_open

    assert client(notes.approve, "draft_1", "dora") == 1

    assert not client(notes.fetch, "note_1").is_open
    assert client(notes.fetch_approval, "draft_1").editor == "carla"


@pytest.mark.parametrize("wrong", ["", "é" * 641])
def test_an_id_that_is_empty_or_too_long_for_an_index_is_refused(
    client: Client, notes: Any, wrong: str
) -> None:
    of_it = replace(note(notes, 1), note_id=wrong)
    for call, *args in (
        (notes.create, of_it),
        (notes.create, replace(of_it, note_id="note_1", draft_id=wrong)),
        (notes.approve, wrong, "carla"),
        (notes.fetch, wrong),
        (notes.fetch_by_draft, wrong),
        (notes.fetch_approval, wrong),
    ):
        with pytest.raises(InvalidValueError, match="Expected `str` of length"):
            client(call, *args)


def test_the_calls_of_productions_schema_leave_the_modules_tables_as_they_are(
    dsn: str,
) -> None:
    def tables() -> set[str]:
        named = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return {name for (name,) in query(dsn, named) if "yoyo" not in name}

    def yoyo(*command: str) -> None:
        script = Path(sys.executable).parent / "yoyo"
        database = url(dsn, "postgresql+psycopg")
        subprocess.run(
            [script, *command, "--database", database],
            check=True,
            cwd=EXAMPLE,
            capture_output=True,
        )

    production, editorial = tables(), {"editorial_notes", "editorial_approvals"}

    yoyo("apply")
    schema.rollback(dsn)
    assert tables() == editorial
    schema.apply(dsn)
    assert tables() == production | editorial
    yoyo("rollback", "migrations")
    assert schema.apply(dsn) == []
    assert tables() == production
