"""An upsert equal to what is stored writes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from production_sql import assets, bundles, drafts

from ..client import Background, Client, Observer
from ..samples import NOON, asset, bundle, draft


def store(client: Client) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1", "asset_1", "asset_2"))


REPLAYS = pytest.mark.parametrize(
    "replay",
    [
        lambda client: client(drafts.upsert, draft()),
        lambda client: client(bundles.upsert, bundle("bundle_1", "asset_1", "asset_2")),
        lambda client: client(assets.upsert, "bundle_1", asset("asset_2")),
    ],
    ids=["drafts", "bundles", "assets"],
)


@REPLAYS
def test_a_replay_returns_false_and_leaves_all_rows_as_they_are(
    client: Client, observer: Observer, replay: Callable[[Client], Any]
) -> None:
    store(client)
    before = observer.everything()

    assert replay(client) is False

    assert observer.everything() == before


@REPLAYS
def test_a_replay_is_no_write_to_the_server(
    client: Client, replay: Callable[[Client], Any]
) -> None:
    store(client)
    client.use_transactions()

    replay(client)

    # Whoever writes a row, locks one or takes a value of a sequence has a transaction id.
    assert client.execute("SELECT pg_current_xact_id_if_assigned()") == [(None,)]


@REPLAYS
def test_a_replay_does_not_wait_for_a_writer(
    client: Client, observer: Observer, replay: Callable[[Client], Any]
) -> None:
    store(client)
    with observer.conn.transaction():
        for table in ("drafts", "bundles", "bundle_assets"):
            observer.conn.execute(f"SELECT FROM production_{table} FOR UPDATE")
        client.execute("SET lock_timeout = '1ms'")

        assert replay(client) is False


def test_a_draft_with_another_created_at_is_a_replay(
    client: Client, observer: Observer
) -> None:
    store(client)
    before = observer.everything()

    assert client(drafts.upsert, draft(created_at=NOON.replace(hour=13))) is False

    assert observer.everything() == before


def test_metadata_with_its_keys_in_another_order_are_equal(client: Client) -> None:
    client(drafts.upsert, draft(metadata={"a": {"x": 1, "y": 2}, "b": 3}))
    client(bundles.upsert, bundle(assets=[asset(metadata={"a": 1, "b": 2})]))

    other = draft(metadata={"b": 3, "a": {"y": 2, "x": 1}})
    assert client(drafts.upsert, other) is False
    other_asset = asset(metadata={"b": 2, "a": 1})
    assert client(bundles.upsert, bundle(assets=[other_asset])) is False
    assert client(assets.upsert, "bundle_1", other_asset) is False


def test_metadata_that_are_null_in_the_table_are_equal_to_none_given(
    client: Client, observer: Observer
) -> None:
    plain = asset(metadata={})
    client(drafts.create, draft(metadata={}))
    client(bundles.create, bundle(assets=[plain]))
    for table in ("production_drafts", "production_bundle_assets"):
        observer.conn.execute(f"UPDATE {table} SET metadata = NULL")

    assert client(drafts.upsert, draft(metadata={})) is False
    assert client(bundles.upsert, bundle(assets=[plain])) is False
    assert client(assets.upsert, "bundle_1", plain) is False


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy_id": "strategy_2"},
        {"content_type": "newsletter"},
        {"body": ""},
        {"metadata": {}},
    ],
    ids=str,
)
def test_every_field_of_a_draft_makes_it_another(
    client: Client, changes: dict[str, Any]
) -> None:
    client(drafts.create, draft())

    assert client(drafts.upsert, draft(**changes)) is True
    assert client(drafts.fetch, "draft_1") == draft(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"draft_id": "draft_2"},
        {"assembled_at": NOON.replace(hour=13)},
        {"assets": []},
        {"assets": [asset("asset_2"), asset("asset_1")]},
        {"assets": [asset("asset_1"), asset("asset_2"), asset("asset_3")]},
        {"assets": [asset("asset_1", asset_type="video"), asset("asset_2")]},
        {"assets": [asset("asset_1"), asset("asset_2", url="https://example.org")]},
        {"assets": [asset("asset_1"), asset("asset_2", metadata={"alt": 1})]},
    ],
    ids=str,
)
def test_every_field_of_a_bundle_and_its_assets_makes_it_another(
    client: Client, changes: dict[str, Any]
) -> None:
    first = bundle("bundle_1", "asset_1", "asset_2")
    client(bundles.create, first)

    assert client(bundles.upsert, replace(first, **changes)) is True
    assert client(bundles.fetch, "bundle_1") == replace(first, **changes)


@pytest.mark.parametrize(
    "changes",
    [{"asset_type": "video"}, {"url": "https://example.org"}, {"metadata": {}}],
    ids=str,
)
def test_every_field_of_an_asset_makes_it_another(
    client: Client, changes: dict[str, Any]
) -> None:
    client(bundles.create, bundle("bundle_1", "asset_1"))

    assert client(assets.upsert, "bundle_1", asset(**changes)) is True
    assert client(assets.fetch, "asset_1") == asset(**changes)


@pytest.mark.parametrize("is_stored", [True, False])
def test_an_upsert_equal_to_the_draft_that_another_session_has_just_written_writes_nothing(
    client: Client, observer: Observer, is_stored: bool
) -> None:
    if is_stored:
        client(drafts.create, draft(body="Old"))
    client.use_transactions()
    client(drafts.upsert, draft())
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, drafts.upsert, draft()).wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() is False


@pytest.mark.parametrize("is_stored", [True, False])
def test_an_upsert_equal_to_the_asset_that_another_session_has_just_written_writes_nothing(
    client: Client, observer: Observer, is_stored: bool
) -> None:
    client(bundles.create, bundle("bundle_1", *(["asset_1"] if is_stored else [])))
    client.use_transactions()
    client(assets.upsert, "bundle_1", asset(url="new"))
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, assets.upsert, "bundle_1", asset(url="new"))
        blocked.wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() is False


def test_metadata_in_place_of_null_are_a_change(client: Client, observer: Observer) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1", "asset_1"))
    for write in (
        (drafts.upsert, draft()),
        (bundles.upsert, bundle("bundle_1", "asset_1")),
        (assets.upsert, "bundle_1", asset()),
    ):
        for table in ("production_drafts", "production_bundle_assets"):
            observer.conn.execute(f"UPDATE {table} SET metadata = NULL")

        assert client(*write) is True
        assert client(*write) is False
    assert client(assets.fetch, "asset_1") == asset()


@pytest.mark.parametrize(
    "replay",
    [
        (drafts.upsert, draft(metadata={})),
        (bundles.upsert, bundle(assets=[asset(metadata={})])),
        (assets.upsert, "bundle_1", asset(metadata={})),
    ],
    ids=lambda replay: replay[0].name,
)
def test_a_replay_is_no_write_to_the_server_where_metadata_are_null(
    client: Client, observer: Observer, replay: tuple[Any, ...]
) -> None:
    client(drafts.create, draft(metadata={}))
    client(bundles.create, bundle(assets=[asset(metadata={})]))
    for table in ("production_drafts", "production_bundle_assets"):
        observer.conn.execute(f"UPDATE {table} SET metadata = NULL")
    client.use_transactions()

    assert client(*replay) is False

    assert client.execute("SELECT pg_current_xact_id_if_assigned()") == [(None,)]
