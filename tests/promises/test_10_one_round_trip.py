"""A call waits for the server once."""

from contextlib import suppress
from typing import Any

import pytest

from production_sql import ProductionError, assets, bundles, drafts

from ..client import Client
from ..samples import asset, bundle, draft

CALLS: list[tuple[Any, ...]] = [
    (drafts.create, draft("draft_2")),
    (drafts.create, draft("draft_2")),
    (drafts.upsert, draft("draft_3")),
    (drafts.upsert, draft("draft_3", body="Changed")),
    (drafts.upsert, draft("draft_3", body="Changed")),
    (drafts.fetch, "draft_1"),
    (drafts.fetch_by_strategy, "strategy_1"),
    (bundles.create, bundle("bundle_2", "asset_2")),
    (bundles.create, bundle("bundle_2", "asset_2")),
    (bundles.create, bundle("bundle_3", "asset_2")),
    (bundles.upsert, bundle("bundle_3", "asset_3", "asset_4")),
    (bundles.upsert, bundle("bundle_3", "asset_4", "asset_5")),
    (bundles.upsert, bundle("bundle_3", "asset_4", "asset_5")),
    (bundles.upsert, bundle("bundle_3", "asset_2")),
    (bundles.fetch, "bundle_3"),
    (bundles.fetch_by_draft, "draft_1"),
    (assets.create, "bundle_3", asset("asset_6")),
    (assets.create, "bundle_3", asset("asset_6")),
    (assets.upsert, "bundle_3", asset("asset_6", url="changed")),
    (assets.upsert, "bundle_2", asset("asset_6")),
    (assets.fetch, "asset_6"),
    (assets.fetch_by_bundle, "bundle_3"),
    (bundles.discard, "bundle_3"),
    (bundles.discard, "bundle_3"),
    (drafts.discard, "draft_1"),
]


@pytest.mark.parametrize("in_transaction", [True, False])
def test_every_call_is_one_round_trip(client: Client, in_transaction: bool) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1", "asset_1"))
    # Else psycopg prepares what comes often, with a round trip of its own.
    client.conn.prepare_threshold = None
    if in_transaction:
        client.use_transactions()
        client.execute("SELECT 1")

    for declared, *args in CALLS:
        round_trips = client.watch_round_trips()
        with suppress(ProductionError):
            client(declared, *args)
        assert round_trips() == 1, (declared.name, args)


def test_a_page_that_goes_on_is_one_round_trip_too(client: Client) -> None:
    client(drafts.create, draft())
    round_trips = client.watch_round_trips()

    assert client(drafts.fetch_by_strategy, "strategy_1", after="draft_1") == []

    assert round_trips() == 1
