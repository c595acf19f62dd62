"""sqlspec over psycopg, with the Structs as its schema types.

A session is kept, as the others keep a connection.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Self

from sqlspec import SQLSpec
from sqlspec.adapters.psycopg import PsycopgSyncConfig

from production_sql import ContentDraftDTO, DraftBundleDTO

from ..statements import same, with_colons
from .peer import Peer
from .psycopg_structs import bundle_parameters


class Sqlspec(Peer):
    """Sync."""

    name = "sqlspec, Structs"

    def __init__(self, spec: SQLSpec, session: Any, stack: ExitStack) -> None:
        self._session = session
        self._stack = stack
        self._fetch = spec.get_sql("drafts/fetch")
        self._fetch_bundle = spec.get_sql("bundles/fetch")
        self._page = spec.get_sql("drafts/fetch_by_strategy")
        self._upsert = spec.get_sql("drafts/upsert")
        self._upsert_bundle = spec.get_sql("bundles/upsert")
        self._stream = spec.get_sql("drafts/stream")

    @classmethod
    def connect(cls, dsn: str) -> Self:
        spec = SQLSpec()
        config = spec.add_config(
            PsycopgSyncConfig(
                connection_config={
                    "conninfo": dsn,
                    "autocommit": True,
                    "min_size": 1,
                    "max_size": 1,
                }
            )
        )
        for name in (
            "drafts/fetch",
            "drafts/fetch_by_strategy",
            "drafts/upsert",
            "drafts/stream",
            "bundles/fetch",
            "bundles/upsert",
        ):
            spec.add_named_sql(name, with_colons(same(name)))
        stack = ExitStack()
        stack.callback(config.close_pool)
        return cls(spec, stack.enter_context(spec.provide_session(config)), stack)

    def close(self) -> None:
        self._stack.close()

    def fetch(self, draft_id: str) -> ContentDraftDTO | None:
        draft: ContentDraftDTO | None = self._session.select_one_or_none(
            self._fetch, {"draft_id": draft_id}, schema_type=ContentDraftDTO
        )
        return draft

    def fetch_bundle(self, bundle_id: str) -> DraftBundleDTO | None:
        bundle: DraftBundleDTO | None = self._session.select_one_or_none(
            self._fetch_bundle, {"bundle_id": bundle_id}, schema_type=DraftBundleDTO
        )
        return bundle

    def page(self, strategy_id: str) -> list[ContentDraftDTO]:
        drafts: list[ContentDraftDTO] = self._session.select(
            self._page,
            {"strategy_id": strategy_id, "limit": 100, "after": None},
            schema_type=ContentDraftDTO,
        )
        return drafts

    def upsert(self, draft: ContentDraftDTO) -> bool:
        outcome = self._session.select_value(
            self._upsert,
            {
                "draft_id": draft.draft_id,
                "strategy_id": draft.strategy_id,
                "content_type": draft.content_type,
                "body": draft.body,
                "metadata": draft.metadata,
                "created_at": draft.created_at,
            },
        )
        return bool(outcome == "written")

    def upsert_bundle(self, bundle: DraftBundleDTO) -> bool:
        row = self._session.select_one(self._upsert_bundle, bundle_parameters(bundle))
        return bool(row["outcome"] == "written")

    def stream(self, strategy_id: str) -> Iterator[ContentDraftDTO]:
        with self._session.select_stream(
            self._stream, {"strategy_id": strategy_id}, schema_type=ContentDraftDTO
        ) as rows:
            yield from rows
