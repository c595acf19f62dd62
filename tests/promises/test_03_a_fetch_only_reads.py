"""A fetch takes no row lock and works in a read-only transaction."""

from collections.abc import Callable
from typing import Any

import pytest

from production_sql import assets, bundles, drafts

from ..client import Client, Observer, read
from ..samples import asset, bundle, draft

FETCHES = pytest.mark.parametrize(
    ("fetch", "expected"),
    [
        (lambda client: client(drafts.fetch, "draft_1"), draft()),
        (lambda client: client(drafts.fetch_by_strategy, "strategy_1"), [draft()]),
        (lambda client: client(bundles.fetch, "bundle_1"), bundle("bundle_1", "asset_1")),
        (
            lambda client: client(bundles.fetch_by_draft, "draft_1"),
            [bundle("bundle_1", "asset_1")],
        ),
        (lambda client: client(assets.fetch, "asset_1"), asset("asset_1")),
        (lambda client: client(assets.fetch_by_bundle, "bundle_1"), [asset("asset_1")]),
        (lambda client: read(client, drafts.stream(client.conn)), [draft()]),
        (
            lambda client: read(client, bundles.stream(client.conn)),
            [bundle("bundle_1", "asset_1")],
        ),
    ],
    ids=[
        "drafts.fetch",
        "drafts.fetch_by_strategy",
        "bundles.fetch",
        "bundles.fetch_by_draft",
        "assets.fetch",
        "assets.fetch_by_bundle",
        "drafts.stream",
        "bundles.stream",
    ],
)


@pytest.fixture(autouse=True)
def store(client: Client) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1", "asset_1"))


@FETCHES
def test_a_fetch_works_in_a_read_only_transaction(
    client: Client, fetch: Callable[[Client], Any], expected: Any
) -> None:
    client.use_transactions()
    client.execute("SET TRANSACTION READ ONLY")

    assert fetch(client) == expected


@FETCHES
def test_a_fetch_locks_no_row_and_no_table_against_writers(
    client: Client, observer: Observer, fetch: Callable[[Client], Any], expected: Any
) -> None:
    before = observer.everything()
    client.use_transactions()

    assert fetch(client) == expected

    assert observer.everything() == before
    modes = "SELECT DISTINCT mode FROM pg_locks WHERE relation IS NOT NULL AND pid = %s"
    (pid,) = observer.pids(client.name)
    assert observer.conn.execute(modes, [pid]).fetchall() == [("AccessShareLock",)]


def test_a_fetch_of_what_is_not_there_finds_nothing(client: Client) -> None:
    assert client(drafts.fetch, "nothing") is None
    assert client(bundles.fetch, "nothing") is None
    assert client(assets.fetch, "nothing") is None
    assert client(drafts.fetch_by_strategy, "nothing") == []
    assert client(bundles.fetch_by_draft, "nothing") == []
    assert client(assets.fetch_by_bundle, "nothing") == []
