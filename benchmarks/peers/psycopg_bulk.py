"""Ways to write many drafts by hand, each in one transaction."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from psycopg.types.json import Json

from production_sql import ContentDraftDTO

from ..statements import own
from .psycopg_structs import Psycopg, draft_parameters

_BATCH_SIZE = 1000


class CopyAndMerge(Psycopg):
    """A binary COPY into a temporary table, and one statement that merges it."""

    name = "psycopg, COPY and merge"

    def upsert_many(self, drafts: list[ContentDraftDTO]) -> int:
        with self._conn.transaction(), self._conn.cursor() as cursor:
            cursor.execute(own("bulk/create_incoming"))
            with cursor.copy(own("bulk/copy_incoming")) as copy:
                copy.set_types(["text", "text", "text", "text", "json", "timestamptz"])
                for draft in drafts:
                    copy.write_row(list(draft_parameters(draft).values()))
            cursor.execute(own("bulk/merge_incoming"))
            return cursor.rowcount


class Unnest(Psycopg):
    """A statement for each batch, with an array for each column."""

    name = "psycopg, unnest"

    def upsert_many(self, drafts: list[ContentDraftDTO]) -> int:
        written = 0
        with self._conn.transaction(), self._conn.cursor() as cursor:
            for batch in _batches(drafts):
                columns = {
                    "draft_id": [draft.draft_id for draft in batch],
                    "strategy_id": [draft.strategy_id for draft in batch],
                    "content_type": [draft.content_type for draft in batch],
                    "body": [draft.body for draft in batch],
                    "metadata": [Json(draft.metadata) for draft in batch],
                    "created_at": [draft.created_at for draft in batch],
                }
                cursor.execute(own("bulk/upsert_unnest"), columns)
                written += cursor.rowcount
        return written


class Recordset(Psycopg):
    """A statement for each batch, with a JSON array of records."""

    name = "psycopg, JSON record set"

    def upsert_many(self, drafts: list[ContentDraftDTO]) -> int:
        written = 0
        with self._conn.transaction(), self._conn.cursor() as cursor:
            for batch in _batches(drafts):
                cursor.execute(own("bulk/upsert_recordset"), {"drafts": _records(batch)})
                written += cursor.rowcount
        return written


class Executemany(Psycopg):
    """A statement for each draft, which psycopg sends in a pipeline."""

    name = "psycopg, pipelined executemany"

    def upsert_many(self, drafts: list[ContentDraftDTO]) -> int:
        with self._conn.transaction(), self._conn.cursor() as cursor:
            cursor.executemany(
                own("bulk/upsert_one"), [draft_parameters(draft) for draft in drafts]
            )
            return cursor.rowcount


def _batches(drafts: list[ContentDraftDTO]) -> Iterator[list[ContentDraftDTO]]:
    rest = iter(drafts)
    while batch := list(islice(rest, _BATCH_SIZE)):
        yield batch


def _records(drafts: list[ContentDraftDTO]) -> Any:
    return Json(
        [
            {
                "draft_id": draft.draft_id,
                "strategy_id": draft.strategy_id,
                "content_type": draft.content_type,
                "body": draft.body,
                "metadata": draft.metadata,
                "created_at": draft.created_at.isoformat(),
            }
            for draft in drafts
        ]
    )
