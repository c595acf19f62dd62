"""Mistakes, each of which both type checkers refuse."""

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from production_sql import ContentDraftDTO, drafts
from production_sql.adapter import AsyncProductionAdapter, ProductionAdapter

from .host import collect, collect_async, write, write_async, write_number


def mistakes(conn: psycopg.Connection, draft: ContentDraftDTO) -> None:
    drafts.fetch("draft_1")
    drafts.fetch(conn)
    drafts.fetch(conn, 1)
    drafts.fetch(conn, id="draft_1")
    drafts.upsert(conn, "draft_1")
    drafts.fetch_by_strategy(conn, "strategy_1", 10)
    drafts.fetch_by_strategy(conn, "strategy_1", limit="10")
    drafts.fetch(conn, "draft_1").body
    ContentDraftDTO(draft_id="draft_1")
    draft.body = ""


async def forgotten_await(conn: psycopg.AsyncConnection, draft: ContentDraftDTO) -> None:
    drafts.upsert(conn, draft)


def halves(pool: AsyncConnectionPool, sync_pool: ConnectionPool) -> None:
    ProductionAdapter(pool.connection, write, collect)
    AsyncProductionAdapter(pool.connection, write, collect_async)
    AsyncProductionAdapter(pool.connection, write_async, collect)
    ProductionAdapter(sync_pool.connection, write_number, collect)
