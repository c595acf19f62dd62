"""An asset has one bundle, which exists."""

import pkgutil
from collections.abc import Callable
from typing import Any

import pytest
from psycopg.errors import UniqueViolation

from production_sql import AssetConflictError, NotFoundError, assets, bundles, drafts

from ..client import Background, Client, Observer, ids
from ..samples import asset, bundle, draft

Write = Callable[[Client], tuple[Any, ...]]

TAKES = pytest.mark.parametrize(
    "take",
    [
        lambda: (bundles.create, bundle("bundle_3", "new", "asset_1")),
        lambda: (bundles.upsert, bundle("bundle_3", "new", "asset_1")),
        lambda: (bundles.upsert, bundle("bundle_2", "new", "asset_1")),
        lambda: (assets.create, "bundle_2", asset("asset_1")),
        lambda: (assets.upsert, "bundle_2", asset("asset_1")),
        lambda: (assets.upsert, "bundle_2", asset("asset_1", url="changed")),
    ],
    ids=["bundles.create", "bundles.upsert", "stored", "create", "upsert", "changed"],
)


@pytest.mark.parametrize("write", [assets.create, assets.upsert])
def test_an_asset_without_its_bundle_is_refused(
    client: Client, observer: Observer, write: Callable[..., Any]
) -> None:
    with pytest.raises(NotFoundError) as raised:
        client(write, "bundle_1", asset("asset_1"))

    assert str(raised.value) == (
        "no bundle 'bundle_1' to put asset 'asset_1' in: create it first"
    )
    assert observer.rows("production_bundle_assets") == []


@TAKES
def test_to_take_the_asset_of_another_bundle_is_refused_with_both_names(
    client: Client, observer: Observer, take: Callable[[], tuple[Any, ...]]
) -> None:
    client(bundles.create, bundle("bundle_1", "asset_1"))
    client(bundles.create, bundle("bundle_2"))
    before = observer.everything()
    declared, *args = take()
    taker = args[0] if isinstance(args[0], str) else args[0].bundle_id

    with pytest.raises(AssetConflictError) as raised:
        client(declared, *args)

    assert str(raised.value) == (
        "asset 'asset_1' belongs to bundle 'bundle_1' and cannot go to bundle "
        f"'{taker}': take it out of the list there first"
    )
    assert observer.everything() == before


@pytest.mark.parametrize("joins", ["hashjoin", "mergejoin", "nestloop"])
@pytest.mark.parametrize("write", [bundles.create, bundles.upsert])
def test_of_several_assets_of_others_the_first_in_the_list_is_named(
    client: Client, write: Callable[..., Any], joins: str
) -> None:
    for other in {"hashjoin", "mergejoin", "nestloop"} - {joins}:
        client.execute(f"SET enable_{other} = off")
    client(bundles.create, bundle("bundle_1", "a", "b", "c"))

    for order in ("cab", "bca", "abc"):
        with pytest.raises(AssetConflictError, match=f"asset '{order[0]}' belongs to"):
            client(write, bundle("bundle_2", "new", *order))


@TAKES
@pytest.mark.parametrize("is_kept", [True, False])
def test_of_two_bundles_that_want_one_new_asset_the_second_waits_and_loses(
    client: Client,
    observer: Observer,
    take: Callable[[], tuple[Any, ...]],
    is_kept: bool,
) -> None:
    client(bundles.create, bundle("bundle_1"))
    client(bundles.create, bundle("bundle_2"))
    client.use_transactions()
    client(assets.create, "bundle_1", asset("asset_1"))
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, *take()).wait_until_blocked(observer)
        if not is_kept:
            client.rollback()
            blocked.finish()
            assert "asset_1" in ids(observer.rows("production_bundle_assets"), "asset_id")
            return
        client.commit()

        with pytest.raises(AssetConflictError, match="belongs to bundle 'bundle_1'"):
            blocked.finish()

    assert ids(observer.rows("production_bundle_assets"), "asset_id") == ["asset_1"]


def test_a_race_lost_in_a_transaction_leaves_it_usable(
    client: Client, observer: Observer
) -> None:
    client(bundles.create, bundle("bundle_1"))
    client.use_transactions()
    client(assets.create, "bundle_1", asset("asset_1"))
    with Client.connected(client.dsn, client.kind) as second:
        second.use_transactions()
        second(drafts.create, draft("before"))
        wanted = bundle("bundle_2", "a", "asset_1")
        blocked = Background(second, bundles.upsert, wanted).wait_until_blocked(observer)
        client.commit()

        with pytest.raises(AssetConflictError) as raised:
            blocked.finish()

        assert isinstance(raised.value.__cause__, UniqueViolation)
        second(drafts.create, draft("after"))
        second.commit()
    assert ids(observer.rows("production_drafts"), "draft_id") == ["before", "after"]
    assert ids(observer.rows("production_bundles"), "bundle_id") == ["bundle_1"]


@pytest.mark.parametrize("first", [bundles.create, bundles.upsert])
@pytest.mark.parametrize("later", [bundles.create, bundles.upsert])
def test_bundles_that_want_the_same_new_assets_never_deadlock(
    client: Client, observer: Observer, first: Any, later: Any
) -> None:
    client(bundles.create, bundle("bundle_0"))
    client.use_transactions()
    client(assets.create, "bundle_0", asset("m"))
    with (
        Client.connected(client.dsn, client.kind) as second,
        Client.connected(client.dsn, client.kind) as third,
    ):
        one = Background(second, first, bundle("bundle_1", "m", "a"))
        one.wait_until_blocked(observer)
        two = Background(third, later, bundle("bundle_2", "a", "m"))
        two.wait_until_blocked(observer)
        client.rollback()

        one.finish()
        with pytest.raises(AssetConflictError, match="'a' belongs to bundle 'bundle_1'"):
            two.finish()


@pytest.mark.parametrize("asset_ids", [["a"], ["a", "z"]], ids=["removed", "moved"])
def test_bundles_that_want_each_others_assets_never_deadlock(
    client: Client, observer: Observer, asset_ids: list[str]
) -> None:
    # One waits for m with a in hand and is to come to z; the other has had z since, and
    # waits for a. If it had deleted z by now, each would wait for the other.
    client(bundles.create, bundle("bundle_0"))
    client.use_transactions()
    client(assets.create, "bundle_0", asset("m"))
    with (
        Client.connected(client.dsn, client.kind) as second,
        Client.connected(client.dsn, client.kind) as third,
    ):
        one = Background(second, bundles.upsert, bundle("bundle_1", "a", "m", "z"))
        one.wait_until_blocked(observer)
        third(bundles.upsert, bundle("bundle_2", "z"))
        two = Background(third, bundles.upsert, bundle("bundle_2", *asset_ids))
        two.wait_until_blocked(observer)
        client.rollback()

        with pytest.raises(AssetConflictError):
            one.finish()
        assert two.finish() is True


@pytest.mark.parametrize("write", [assets.create, assets.upsert])
def test_an_asset_for_a_bundle_that_is_being_discarded_is_refused(
    client: Client, observer: Observer, write: Callable[..., Any]
) -> None:
    client(bundles.create, bundle("bundle_1", "asset_1"))
    client.use_transactions()
    client(bundles.discard, "bundle_1")
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, write, "bundle_1", asset("asset_2"))
        blocked.wait_until_blocked(observer)
        client.commit()

        with pytest.raises(NotFoundError):
            blocked.finish()

    assert observer.rows("production_bundle_assets") == []


@pytest.mark.parametrize(
    "discard",
    [(bundles.discard, "bundle_1"), (drafts.discard, "draft_1")],
    ids=["bundles", "drafts"],
)
@pytest.mark.parametrize(
    "write",
    [
        (assets.create, "bundle_1", asset("asset_2")),
        (assets.upsert, "bundle_1", asset("asset_2")),
        (bundles.upsert, bundle("bundle_1", "asset_2")),
    ],
    ids=["assets.create", "assets.upsert", "bundles.upsert"],
)
def test_a_discard_takes_the_asset_along_that_is_being_added(
    client: Client, observer: Observer, discard: tuple[Any, ...], write: tuple[Any, ...]
) -> None:
    client(bundles.create, bundle("bundle_1", "asset_1"))
    client.use_transactions()
    client(*write)
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, *discard).wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() is True

    assert observer.rows("production_bundle_assets") == []


@pytest.mark.parametrize(
    ("discard", "replace"),
    [
        (
            (bundles.discard, "bundle_1"),
            [(bundles.discard, "bundle_1"), (bundles.create, bundle("bundle_1", "b"))],
        ),
        (
            (drafts.discard, "draft_1"),
            [(bundles.discard, "bundle_1"), (bundles.create, bundle("bundle_1", "b"))],
        ),
        (
            (drafts.discard, "draft_1"),
            [(bundles.discard, "bundle_1"), (bundles.create, bundle("bundle_2", "b"))],
        ),
        (
            (drafts.discard, "draft_1"),
            [(drafts.discard, "draft_1"), (drafts.create, draft())],
        ),
        (
            (drafts.discard, "draft_1"),
            [
                (drafts.upsert, draft(body="Changed")),
                (bundles.create, bundle("bundle_2", "b")),
            ],
        ),
    ],
    ids=["bundle", "its bundle", "its bundle by another", "draft", "a bundle more"],
)
def test_a_discard_takes_what_another_session_is_putting_in_its_place(
    client: Client,
    observer: Observer,
    discard: tuple[Any, ...],
    replace: list[tuple[Any, ...]],
) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1", "a"))
    client.use_transactions()
    for write in replace:
        client(*write)
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, *discard).wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() is True

    assert observer.rows("production_bundles") == []
    assert observer.rows("production_bundle_assets") == []
    is_left = discard[0] is bundles.discard
    assert len(observer.rows("production_drafts")) == is_left


def test_a_discard_takes_the_draft_that_another_session_is_storing_anew(
    client: Client, observer: Observer
) -> None:
    client(drafts.create, draft())
    client.use_transactions()
    client(drafts.discard, "draft_1")
    client(drafts.create, draft())
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, drafts.discard, "draft_1").wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() is True
    assert observer.rows("production_drafts") == []


@pytest.mark.parametrize(
    ("statement", "args"),
    [
        ("drafts:_discard", ["draft_1"]),
        ("bundles:_discard", ["bundle_1"]),
        ("bundles:_upsert", [bundle("bundle_1", "c", "a")]),
    ],
)
def test_a_statement_that_finds_its_snapshot_stale_writes_nothing(
    client: Client, observer: Observer, statement: str, args: list[Any]
) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1", "a"))
    client.use_transactions()
    client(assets.create, "bundle_1", asset("b"))
    with Client.connected(client.dsn, client.kind) as second:
        declared = pkgutil.resolve_name(f"production_sql.{statement}")
        blocked = Background(second, declared, *args).wait_until_blocked(observer)
        client.commit()

        assert blocked.finish().outcome == "stale"

    assert client(drafts.fetch, "draft_1") == draft()
    assert client(bundles.fetch, "bundle_1") == bundle("bundle_1", "a", "b")


def test_a_discard_leaves_the_bundle_that_is_being_given_to_another_draft(
    client: Client, observer: Observer
) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1", "a"))
    client.use_transactions()
    given = bundle("bundle_1", "a", draft_id="draft_2")
    client(bundles.upsert, given)
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, drafts.discard, "draft_1").wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() is True
        assert second(bundles.fetch, "bundle_1") == given
    assert observer.rows("production_drafts") == []


def test_a_second_discard_of_a_draft_waits_with_no_bundle_in_hand(
    client: Client, observer: Observer
) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1"))
    client.use_transactions()
    client(assets.create, "bundle_1", asset("a"))
    with (
        Client.connected(client.dsn, client.kind) as second,
        Client.connected(client.dsn, client.kind) as third,
    ):
        one = Background(second, drafts.discard, "draft_1").wait_until_blocked(observer)
        two = Background(third, drafts.discard, "draft_1").wait_until_blocked(observer)

        assert observer.blocking(third.name) == observer.pids(second.name)

        client.commit()
        assert {one.finish(), two.finish()} == {True, False}


@pytest.mark.parametrize("is_changed", [True, False])
def test_discards_of_one_draft_never_deadlock(
    client: Client, observer: Observer, is_changed: bool
) -> None:
    # Two plans that come to the bundles in different orders, as the first of them has been
    # written again; and a third session that has the bundle one of them comes to first.
    # Where that one has changed, whoever finds it stale locks no other.
    client(bundles.create, bundle("bundle_1", "a"))
    client(bundles.create, bundle("bundle_2", "b"))
    client(bundles.upsert, bundle("bundle_1", "c"))
    client.use_transactions()
    client(assets.create, "bundle_1", asset("d"))
    with (
        Client.connected(client.dsn, client.kind) as second,
        Client.connected(client.dsn, client.kind) as third,
    ):
        second.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        third.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")
        one = Background(second, drafts.discard, "draft_1").wait_until_blocked(observer)
        two = Background(third, drafts.discard, "draft_1").wait_until_blocked(observer)
        if is_changed:
            client.commit()
        else:
            client.rollback()

        assert {one.finish(), two.finish()} == {True, False}
    assert observer.rows("production_bundle_assets") == []


def test_an_upsert_of_a_bundle_that_is_being_discarded_stores_it_anew(
    client: Client, observer: Observer
) -> None:
    client(bundles.create, bundle("bundle_1", "a", "b"))
    client.use_transactions()
    client(bundles.discard, "bundle_1")
    with Client.connected(client.dsn, client.kind) as second:
        later = bundle("bundle_1", "b", "c")
        blocked = Background(second, bundles.upsert, later).wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() is True
        assert second(bundles.fetch, "bundle_1") == later


def test_other_logical_keys_are_not_checked(client: Client) -> None:
    client(bundles.create, bundle("bundle_1", draft_id="not stored yet"))

    assert len(client(bundles.fetch_by_draft, "not stored yet")) == 1


def test_a_list_with_the_asset_of_another_bundle_changes_none_that_stays(
    client: Client, observer: Observer
) -> None:
    client(bundles.create, bundle("bundle_1", "b"))
    client(bundles.create, bundle("bundle_2", "a"))
    before = observer.everything()
    listed = [asset("a", url="changed"), asset("b")]

    with pytest.raises(AssetConflictError):
        client(bundles.upsert, bundle("bundle_2", assets=listed))

    assert observer.everything() == before


def test_an_upsert_that_finds_its_snapshot_stale_changes_no_asset_that_stays(
    client: Client, observer: Observer
) -> None:
    declared = pkgutil.resolve_name("production_sql.bundles:_upsert")
    client(bundles.create, bundle("bundle_1", "a"))
    client.use_transactions()
    client(assets.create, "bundle_1", asset("b"))
    with Client.connected(client.dsn, client.kind) as second:
        changed = bundle("bundle_1", assets=[asset("a", url="changed")])
        blocked = Background(second, declared, changed).wait_until_blocked(observer)
        client.commit()

        assert blocked.finish().outcome == "stale"

    assert client(bundles.fetch, "bundle_1") == bundle("bundle_1", "a", "b")
