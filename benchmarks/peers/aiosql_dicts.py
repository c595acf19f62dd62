"""aiosql over psycopg: the rows are dicts, and msgspec makes Structs of them."""

from typing import Any, Self, cast

import aiosql
import psycopg
from msgspec import convert
from psycopg.rows import dict_row

from production_sql import ContentDraftDTO, DraftBundleDTO

from ..statements import parameters, same, with_colons
from .peer import Peer
from .psycopg_structs import bundle_parameters, draft_parameters

_FILES = {
    "fetch": ("drafts/fetch", "^"),
    "fetch_bundle": ("bundles/fetch", "^"),
    "page": ("drafts/fetch_by_strategy", ""),
    "upsert": ("drafts/upsert", "$"),
    "upsert_bundle": ("bundles/upsert", "^"),
}


def _named(name: str, file: str, result: str) -> str:
    statement = same(file)
    return (
        f"-- name: {name}({', '.join(parameters(statement))}){result}\n"
        f"{with_colons(statement)};\n"
    )


_QUERIES = cast("Any", aiosql).from_str(
    "".join(_named(name, *file) for name, file in _FILES.items()), "psycopg"
)


class Aiosql(Peer):
    """Sync."""

    name = "aiosql, dicts converted"

    def __init__(self, conn: psycopg.Connection[dict[str, Any]]) -> None:
        self._conn = conn

    @classmethod
    def connect(cls, dsn: str) -> Self:
        connect = psycopg.Connection[dict[str, Any]].connect
        return cls(connect(dsn, autocommit=True, row_factory=dict_row))

    def close(self) -> None:
        self._conn.close()

    def fetch(self, draft_id: str) -> ContentDraftDTO | None:
        row = _QUERIES.fetch(self._conn, draft_id=draft_id)
        return None if row is None else convert(row, ContentDraftDTO)

    def fetch_bundle(self, bundle_id: str) -> DraftBundleDTO | None:
        row = _QUERIES.fetch_bundle(self._conn, bundle_id=bundle_id)
        return None if row is None else convert(row, DraftBundleDTO)

    def page(self, strategy_id: str) -> list[ContentDraftDTO]:
        rows = _QUERIES.page(self._conn, strategy_id=strategy_id, limit=100, after=None)
        return convert(list(rows), list[ContentDraftDTO])

    def upsert(self, draft: ContentDraftDTO) -> bool:
        outcome = _QUERIES.upsert(self._conn, **draft_parameters(draft))
        return bool(outcome == "written")

    def upsert_bundle(self, bundle: DraftBundleDTO) -> bool:
        row = _QUERIES.upsert_bundle(self._conn, **bundle_parameters(bundle))
        return bool(row["outcome"] == "written")
