"""A bundle is written whole, in order, and by one writer at a time."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from production_sql import AssetConflictError, assets, bundles, drafts

from ..client import Background, Client, Observer, ids
from ..samples import asset, bundle, draft

LISTS = ["", "a", "abc", "cba", "cab", "bcd", "abcd", "dcba", "xyz", "axbycz", "zaybx"]


def test_an_upsert_replaces_the_list_in_the_order_given(client: Client) -> None:
    for stored, given in permutations(LISTS, 2):
        client(bundles.upsert, bundle("bundle_1", *stored))

        client(bundles.upsert, bundle("bundle_1", *given))

        assert client(bundles.fetch, "bundle_1") == bundle("bundle_1", *given)
        fetched = client(assets.fetch_by_bundle, "bundle_1")
        assert fetched == [asset(key) for key in given]


def test_assets_come_in_the_order_given_whatever_it_is(client: Client) -> None:
    for order in permutations("dbca"):
        client(bundles.upsert, bundle("bundle_1", *order))
        assert client(bundles.fetch, "bundle_1") == bundle("bundle_1", *order)


def test_a_long_list_keeps_its_order(client: Client) -> None:
    keys = [f"asset_{(i * 7919) % 2000}" for i in range(2000)]

    client(bundles.create, bundle("bundle_1", *keys))

    assert client(bundles.fetch, "bundle_1") == bundle("bundle_1", *keys)


@pytest.mark.parametrize("joins", ["hashjoin", "mergejoin", "nestloop"])
def test_the_order_is_kept_by_any_plan(client: Client, joins: str) -> None:
    for other in {"hashjoin", "mergejoin", "nestloop"} - {joins}:
        client.execute(f"SET enable_{other} = off")
    client(bundles.create, bundle("bundle_1", *"abcdefgh"))

    for order in ("hagbfced", "defcbgah", "xaybzc"):
        client(bundles.upsert, bundle("bundle_1", *order))

        assert client(bundles.fetch, "bundle_1") == bundle("bundle_1", *order)


def test_an_asset_changes_in_place_while_others_move(client: Client) -> None:
    client(bundles.create, bundle("bundle_1", "a", "b", "c", "d"))
    changed = [asset("a", url="changed"), asset("b"), asset("d"), asset("c", url="changed")]

    client(bundles.upsert, bundle(assets=changed))

    assert client(bundles.fetch, "bundle_1") == bundle(assets=changed)
    assert client(bundles.fetch_by_draft, "draft_1") == [bundle(assets=changed)]
    assert client(assets.fetch_by_bundle, "bundle_1") == changed


def test_what_stays_at_the_head_of_the_list_is_not_written_again(
    client: Client, observer: Observer
) -> None:
    client(bundles.create, bundle("bundle_1", "a", "b", "c"))
    head = observer.rows("production_bundle_assets")[:2]

    client(bundles.upsert, bundle("bundle_1", "a", "b", "d"))

    assert observer.rows("production_bundle_assets")[:2] == head


def test_an_asset_that_stays_keeps_its_created_at(
    client: Client, observer: Observer
) -> None:
    client(bundles.create, bundle("bundle_1", "a", "b"))
    before = {
        row["asset_id"]: row["created_at"]
        for row in observer.rows("production_bundle_assets")
    }

    client(bundles.upsert, bundle("bundle_1", "c", "b", "a"))

    rows = observer.rows("production_bundle_assets")
    assert ids(rows, "asset_id") == ["c", "b", "a"]
    assert [row["created_at"] for row in rows][1:] == [before["b"], before["a"]]


@pytest.mark.parametrize("write", [bundles.create, bundles.upsert])
def test_a_bundle_that_cannot_have_one_asset_gets_none(
    client: Client, observer: Observer, write: object
) -> None:
    client(bundles.create, bundle("bundle_1", "b"))
    before = observer.everything()

    with pytest.raises(AssetConflictError):
        client(write, bundle("bundle_2", "a", "b", "c"))  # type: ignore[arg-type]

    assert observer.everything() == before


@pytest.mark.parametrize("is_stored", [True, False])
def test_of_two_upserts_at_once_the_whole_list_of_the_later_remains(
    client: Client, observer: Observer, is_stored: bool
) -> None:
    if is_stored:
        client(bundles.create, bundle("bundle_1", "a", "b", "c"))
    client.use_transactions()
    client(bundles.upsert, bundle("bundle_1", "b", "x", "a"))
    with Client.connected(client.dsn, client.kind) as second:
        later = bundle("bundle_1", "c", "y", "b")
        blocked = Background(second, bundles.upsert, later).wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() is True

        assert second(bundles.fetch, "bundle_1") == later


def test_an_upsert_equal_to_what_another_session_has_just_written_writes_nothing(
    client: Client, observer: Observer
) -> None:
    client(bundles.create, bundle("bundle_1", "a"))
    client.use_transactions()
    client(bundles.upsert, bundle("bundle_1", "a", "b"))
    with Client.connected(client.dsn, client.kind) as second:
        same = bundle("bundle_1", "a", "b")
        blocked = Background(second, bundles.upsert, same).wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() is False


@pytest.mark.parametrize("write", [assets.create, assets.upsert])
def test_an_upsert_removes_the_asset_that_another_session_has_just_added(
    client: Client, observer: Observer, write: object
) -> None:
    client(bundles.create, bundle("bundle_1", "a"))
    client.use_transactions()
    client(write, "bundle_1", asset("b"))  # type: ignore[arg-type]
    with Client.connected(client.dsn, client.kind) as second:
        later = bundle("bundle_1", "c", "a")
        blocked = Background(second, bundles.upsert, later).wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() is True

        assert second(bundles.fetch, "bundle_1") == later


@pytest.mark.parametrize("write", [assets.create, assets.upsert])
def test_an_asset_goes_to_the_end_of_the_list_that_another_session_has_just_written(
    client: Client, observer: Observer, write: object
) -> None:
    client(bundles.create, bundle("bundle_1", "a"))
    client.use_transactions()
    client(bundles.upsert, bundle("bundle_1", "b", "c", "a"))
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, write, "bundle_1", asset("d"))  # type: ignore[arg-type]
        blocked.wait_until_blocked(observer)
        client.commit()
        blocked.finish()

        expected = bundle("bundle_1", "b", "c", "a", "d")
        assert second(bundles.fetch, "bundle_1") == expected


@pytest.mark.parametrize(
    ("table", "write"),
    [
        ("bundles", lambda n: (bundles.upsert, bundle("bundle_1", f"new_{n}"))),
        (
            "bundles",
            lambda n: (
                (bundles.upsert, bundle("bundle_1", "new_1"))
                if n == 1
                else (bundles.upsert_many, [bundle("bundle_1", "new_2")])
            ),
        ),
        ("bundles", lambda n: (assets.create, "bundle_1", asset(f"new_{n}"))),
        ("bundles", lambda n: (assets.upsert, "bundle_1", asset(f"new_{n}"))),
        ("bundles", lambda n: (bundles.discard, "bundle_1")),
        ("bundles", lambda n: (drafts.discard, "of bundle_1")),
        ("drafts", lambda n: (drafts.discard, "draft_1")),
        ("drafts", lambda n: (drafts.upsert, draft(body=f"{n}"))),
    ],
    ids=[
        "bundles.upsert",
        "bundles.upsert_many",
        "assets.create",
        "assets.upsert",
        "bundles.discard",
        "drafts.discard of a bundle",
        "drafts.discard",
        "drafts.upsert",
    ],
)
def test_writers_of_one_row_that_wait_together_go_on_one_after_the_other(
    client: Client,
    observer: Observer,
    table: str,
    write: Callable[[int], tuple[Any, ...]],
) -> None:
    # With a lock that they could share, both would have it now, and then each would wait
    # for the other.
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1", draft_id="of bundle_1"))
    client.use_transactions()
    client.execute(f"SELECT FROM production_{table} FOR SHARE")
    with (
        Client.connected(client.dsn, client.kind) as second,
        Client.connected(client.dsn, client.kind) as third,
    ):
        one = Background(second, *write(1)).wait_until_blocked(observer)
        two = Background(third, *write(2)).wait_until_blocked(observer)
        client.rollback()

        results = {one.finish(), two.finish()}

    is_discard = write(1)[0] in (bundles.discard, drafts.discard)
    assert results == {True, False} if is_discard else results <= {True, None}


@pytest.mark.parametrize(
    "write",
    [
        (drafts.create, draft("draft_2")),
        (drafts.upsert, draft(body="Changed")),
        (drafts.upsert, draft("draft_2")),
        (drafts.discard, "draft_1"),
        (bundles.create, bundle("bundle_2", "b")),
        (bundles.upsert, bundle("bundle_1", "b")),
        (bundles.upsert, bundle("bundle_2", "b")),
        (bundles.upsert_many, [bundle("bundle_1", "b"), bundle("bundle_2", "c")]),
        (bundles.discard, "bundle_1"),
        (assets.create, "bundle_1", asset("b")),
        (assets.upsert, "bundle_1", asset("b")),
        (assets.upsert, "bundle_1", asset("a", url="changed")),
    ],
    ids=lambda write: write[0].name,
)
def test_a_write_does_not_wait_for_the_writer_of_another_row(
    client: Client, observer: Observer, write: tuple[Any, ...]
) -> None:
    with observer.conn.transaction():
        # Of one transaction, so that xmin does not tell the rows apart either.
        for n in (0, 1):
            drafts.create(observer.conn, draft(f"draft_{n}"))
            listed = ["a"] if n else ["z"]
            bundles.create(
                observer.conn, bundle(f"bundle_{n}", *listed, draft_id=f"draft_{n}")
            )
    with observer.conn.transaction():
        for table, key in (
            ("production_drafts", "draft_id = 'draft_0'"),
            ("production_bundles", "bundle_id = 'bundle_0'"),
            ("production_bundle_assets", "asset_id = 'z'"),
        ):
            observer.conn.execute(f"SELECT FROM {table} WHERE {key} FOR UPDATE")
        client.execute("SET lock_timeout = '1ms'")

        assert client(*write) in (True, None, 2)


def test_an_asset_that_changes_in_place_leaves_those_after_it_unwritten(
    client: Client, observer: Observer
) -> None:
    client(bundles.create, bundle("bundle_1", "a", "b", "c"))
    before = observer.rows("production_bundle_assets")
    changed = [asset("a", url="changed"), asset("b"), asset("c")]

    client(bundles.upsert, bundle("bundle_1", assets=changed))

    after = observer.rows("production_bundle_assets")
    assert after[1:] == before[1:]
    assert after[0]["id"] == before[0]["id"]
