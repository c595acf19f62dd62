"""drafts.stream and bundles.stream: everything, in order, a hundred at a time."""

from typing import Any

import pytest

from production_sql import bundles, drafts

from .client import Client, Observer, read
from .samples import bundle, draft


@pytest.mark.parametrize("is_autocommit", [True, False])
def test_all_drafts_or_those_of_a_strategy_come_in_the_order_they_were_first_stored(
    client: Client, is_autocommit: bool
) -> None:
    client.set_autocommit(is_autocommit)
    stored = [
        draft(f"draft_{n}", strategy_id=f"strategy_{n % 2}") for n in range(250, 0, -1)
    ]
    for each in stored:
        client(drafts.create, each)
    client(drafts.upsert, draft("draft_250", strategy_id="strategy_0", body="changed"))
    stored[0] = draft("draft_250", strategy_id="strategy_0", body="changed")

    assert read(client, drafts.stream(client.conn)) == stored
    assert (
        read(client, drafts.stream(client.conn, strategy_id="strategy_1")) == stored[1::2]
    )
    assert read(client, drafts.stream(client.conn, strategy_id="nothing")) == []


def test_all_bundles_or_those_of_a_draft_come_with_their_assets_in_order(
    client: Client,
) -> None:
    stored = [
        bundle(f"bundle_{n}", f"{n}_b", f"{n}_a", draft_id=f"draft_{n % 2}")
        for n in range(150)
    ]
    for each in stored:
        client(bundles.create, each)
    client(bundles.create, bundle("empty", draft_id="draft_2"))

    assert read(client, bundles.stream(client.conn)) == [
        *stored,
        bundle("empty", draft_id="draft_2"),
    ]
    assert read(client, bundles.stream(client.conn, draft_id="draft_1")) == stored[1::2]
    assert read(client, bundles.stream(client.conn, draft_id="draft_2")) == [
        bundle("empty", draft_id="draft_2")
    ]


STORE = """
    INSERT INTO production_drafts (
        draft_id, strategy_id, content_type, body, created_at, updated_at
    )
    SELECT n, n % 1000, '', '', now(), now() FROM generate_series(1, 10000) AS n;
    INSERT INTO production_bundles (
        bundle_id, draft_id, assembled_at, created_at, updated_at
    )
    SELECT n, n % 1000, now(), now(), now() FROM generate_series(1, 10000) AS n;
    ANALYZE production_drafts, production_bundles
"""


@pytest.mark.parametrize(
    ("declared", "index"),
    [
        (drafts.stream, "ix_production_drafts_strategy_id"),
        (bundles.stream, "ix_production_bundles_draft_id"),
    ],
)
def test_a_stream_with_a_key_is_served_by_its_index(
    observer: Observer, declared: Any, index: str
) -> None:
    observer.conn.execute(STORE)

    def plan(value: str) -> str:
        statement = declared.statement.decode().replace("$1", value)
        return str(observer.conn.execute(f"EXPLAIN {statement}").fetchall())

    assert index in plan("'7'")
    assert index not in plan("NULL")
