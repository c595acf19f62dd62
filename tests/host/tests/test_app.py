"""The application on a database, sync."""

from functools import partial

import pytest
from newsroom import app, editors
from psycopg import Connection, connect
from psycopg.errors import UniqueViolation

from production_sql import (
    AssetConflictError,
    ContentDraftDTO,
    InvalidValueError,
    NotFoundError,
    ProductionError,
    ProductionQueryPort,
    assets,
    bundles,
    drafts,
    schema,
)
from production_sql.adapter import ProductionAdapter
from production_sql.errors import QueryError
from production_sql.testing import Factory


@pytest.fixture
def adapter(production_dsn: str) -> ProductionAdapter:
    connection = partial(connect, production_dsn)
    return ProductionAdapter(connection, app.write_draft, app.collect_assets)


def test_a_strategy_becomes_a_bundle(
    adapter: ProductionAdapter, production_connection: Connection
) -> None:
    query: ProductionQueryPort = adapter

    bundle = app.publish(adapter, adapter, "spring")

    draft = query.get_draft(bundle.draft_id)
    assert draft.body == "On spring"
    assert drafts.fetch(production_connection, draft.draft_id) == draft
    assert bundles.fetch_by_draft(production_connection, draft.draft_id) == [bundle]
    stored = assets.fetch_by_bundle(production_connection, bundle.bundle_id)
    assert stored == app.collect_assets(draft)


def test_a_step_that_is_done_again_gives_what_is_stored(adapter: ProductionAdapter) -> None:
    draft = adapter.generate_draft("spring", draft_id="draft_1")
    assert adapter.generate_draft("spring", draft_id="draft_1") == draft

    bundle = adapter.assemble_bundle("draft_1", bundle_id="bundle_1")
    assert adapter.assemble_bundle("draft_1", bundle_id="bundle_1") == bundle


def test_there_is_no_bundle_of_an_unknown_draft(adapter: ProductionAdapter) -> None:
    with pytest.raises(NotFoundError):
        adapter.assemble_bundle("nothing")


def test_a_draft_and_its_editor_are_stored_together(
    production_connection: Connection, production_factory: Factory
) -> None:
    conn = production_connection
    draft = production_factory.draft()

    assert app.submit(conn, draft, "Ann") is True
    assert app.submit(conn, draft, "Bob") is False

    assert drafts.fetch(conn, draft.draft_id) == draft
    assert editors.fetch(conn, draft.draft_id) == editors.Editor(draft.draft_id, "Ann")


def test_a_draft_that_has_an_editor_already_is_not_stored(
    production_connection: Connection, production_factory: Factory
) -> None:
    conn = production_connection
    draft = production_factory.draft()
    editors.appoint(conn, editors.Editor(draft.draft_id, "Ann"))

    with pytest.raises(UniqueViolation):
        app.submit(conn, draft, "Bob")

    assert drafts.fetch(conn, draft.draft_id) is None
    assert editors.fetch(conn, draft.draft_id) == editors.Editor(draft.draft_id, "Ann")


def test_an_archive_is_brought_in_once(
    production_connection: Connection, production_factory: Factory
) -> None:
    archive = [production_factory.bundle() for _ in range(25)]

    assert app.bring_in(production_connection, archive) == 25
    assert app.bring_in(production_connection, archive) == 0
    with bundles.stream(production_connection) as rows:
        assert list(rows) == archive


def test_an_error_leaves_the_transaction_as_it_was(
    production_connection: Connection, production_factory: Factory
) -> None:
    conn = production_connection
    first, second = production_factory.bundle(), production_factory.bundle()
    bundles.create(conn, first)
    bundles.create(conn, second)

    with pytest.raises(AssetConflictError):
        assets.upsert(conn, second.bundle_id, first.assets[0])
    with pytest.raises(InvalidValueError, match=r"ContentDraftDTO\.draft_id"):
        drafts.upsert(conn, production_factory.draft(draft_id=""))

    assert bundles.fetch(conn, first.bundle_id) == first
    assert bundles.fetch(conn, second.bundle_id) == second
    assert issubclass(QueryError, ProductionError)


def test_pages_of_a_strategy_end(
    production_connection: Connection, production_factory: Factory
) -> None:
    written = [production_factory.draft() for _ in range(5)]
    drafts.upsert_many(production_connection, written)

    read: list[ContentDraftDTO] = []
    while page := drafts.fetch_by_strategy(
        production_connection,
        "strategy_1",
        limit=2,
        after=read[-1].draft_id if read else None,
    ):
        read += page

    assert read == written


def test_the_tables_can_go(production_dsn: str) -> None:
    assert schema.rollback(production_dsn) != []
    assert schema.apply(production_dsn) != []
