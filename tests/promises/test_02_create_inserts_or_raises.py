"""create inserts, or raises AlreadyExistsError and leaves everything as it is."""

from collections.abc import Callable
from typing import Any

import pytest

from production_sql import AlreadyExistsError, assets, bundles, drafts

from ..client import Background, Client, Observer
from ..samples import asset, bundle, draft

Create = Callable[[Client], Any]

CREATES = pytest.mark.parametrize(
    ("create", "message"),
    [
        (
            lambda client: client(drafts.create, draft(body="Another body")),
            "draft 'draft_1' exists: upsert replaces it",
        ),
        (
            lambda client: client(bundles.create, bundle("bundle_1", "asset_2")),
            "bundle 'bundle_1' exists: upsert replaces it",
        ),
        (
            lambda client: client(assets.create, "bundle_1", asset(url="other")),
            "asset 'asset_1' is in bundle 'bundle_1': upsert replaces it",
        ),
    ],
    ids=["drafts", "bundles", "assets"],
)


def store(client: Client) -> None:
    assert client(drafts.create, draft()) is None
    assert client(bundles.create, bundle("bundle_1")) is None
    assert client(assets.create, "bundle_1", asset("asset_1")) is None


@pytest.mark.parametrize(
    ("create", "discard"),
    [
        ((drafts.create, draft()), (drafts.discard, "draft_1")),
        ((bundles.create, bundle("bundle_1")), (bundles.discard, "bundle_1")),
    ],
    ids=["drafts", "bundles"],
)
def test_what_a_snapshot_shows_exists_although_it_was_discarded_meanwhile(
    client: Client, observer: Observer, create: tuple[Any, ...], discard: tuple[Any, ...]
) -> None:
    client(*create)
    client.use_transactions()
    client.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    client.execute("SELECT FROM production_drafts")
    declared, *args = discard
    assert declared(observer.conn, *args) is True

    with pytest.raises(AlreadyExistsError):
        client(*create)


def test_create_inserts(client: Client) -> None:
    store(client)

    assert client(drafts.fetch, "draft_1") == draft()
    assert client(bundles.fetch, "bundle_1") == bundle("bundle_1", "asset_1")
    assert client(assets.fetch, "asset_1") == asset("asset_1")


@CREATES
def test_create_raises_for_an_id_that_is_taken_and_writes_nothing(
    client: Client, observer: Observer, create: Create, message: str
) -> None:
    store(client)
    before = observer.everything()

    with pytest.raises(AlreadyExistsError) as raised:
        create(client)

    assert str(raised.value) == message
    assert observer.everything() == before


@CREATES
def test_the_transaction_in_which_create_raised_goes_on(
    client: Client, observer: Observer, create: Create, message: str
) -> None:
    store(client)
    client.use_transactions()
    client(drafts.create, draft("draft_2"))

    with pytest.raises(AlreadyExistsError, match=message):
        create(client)

    client(drafts.create, draft("draft_3"))
    client.commit()
    assert len(observer.rows("production_drafts")) == 3


@pytest.mark.parametrize(
    "create",
    [
        lambda client: (drafts.create, draft()),
        lambda client: (bundles.create, bundle("bundle_1", "asset_1")),
        lambda client: (assets.create, "bundle_0", asset("asset_1")),
    ],
    ids=["drafts", "bundles", "assets"],
)
def test_of_two_creates_at_once_one_inserts_and_one_raises(
    client: Client, observer: Observer, create: Callable[[Client], tuple[Any, ...]]
) -> None:
    client(bundles.create, bundle("bundle_0"))
    client.use_transactions()
    client(*create(client))
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, *create(second)).wait_until_blocked(observer)
        client.commit()

        with pytest.raises(AlreadyExistsError):
            blocked.finish()
