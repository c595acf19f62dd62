"""created_at is that of the first write; updated_at moves with every change alone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from production_sql import assets, bundles, drafts

from ..client import TABLES, Background, Client, Observer
from ..samples import NOON, asset, bundle, draft


def test_the_created_at_of_a_draft_is_that_of_the_first_write(client: Client) -> None:
    client(drafts.upsert, draft())

    client(drafts.upsert, draft(body="Changed", created_at=NOON.replace(hour=13)))

    assert client(drafts.fetch, "draft_1") == draft(body="Changed")


def test_an_upsert_changes_no_created_at(client: Client, observer: Observer) -> None:
    def created() -> list[datetime]:
        tables = observer.everything().values()
        return [row["created_at"] for rows in tables for row in rows]

    client(drafts.upsert, draft())
    client(bundles.upsert, bundle("bundle_1", "asset_1", "asset_2"))
    before = created()

    client(drafts.upsert, draft(body="Changed"))
    client(assets.upsert, "bundle_1", asset("asset_1", url="changed"))
    client(bundles.upsert, bundle("bundle_1", "asset_2", "asset_1", draft_id="draft_2"))

    first, second, *rest = before
    assert created() == [first, second, *reversed(rest)]


CHANGES: list[tuple[Any, ...]] = [
    (drafts.upsert, draft(body="1")),
    (drafts.upsert, draft(body="2")),
    (bundles.upsert, bundle("bundle_1", "asset_1")),
    (bundles.upsert, bundle("bundle_1", "asset_1", "asset_2")),
    (bundles.upsert, bundle("bundle_1", "asset_2", "asset_1")),
    (bundles.upsert, bundle("bundle_1", "asset_1")),
    (bundles.upsert, bundle("bundle_1", "asset_1", draft_id="draft_2")),
    (bundles.upsert, bundle(assets=[asset("asset_1", url="changed")])),
    (assets.create, "bundle_1", asset("asset_2")),
    (assets.upsert, "bundle_1", asset("asset_3")),
    (assets.upsert, "bundle_1", asset("asset_3", url="changed")),
    (assets.upsert, "bundle_1", asset("asset_3", url="changed", metadata={})),
    (bundles.upsert, bundle("bundle_1", "asset_4", "asset_3", "asset_2")),
    (
        bundles.upsert,
        bundle(assets=[asset("asset_2"), asset("asset_3", url="")]),
    ),
    (bundles.upsert, bundle(assets=[asset("asset_3", metadata={})])),
    (
        bundles.upsert,
        bundle(assets=[asset("a"), asset("asset_3", metadata={})]),
    ),
    (bundles.upsert, bundle("bundle_1", "asset_3", "a")),
    (
        bundles.upsert,
        bundle(assets=[asset("a", asset_type=""), asset("asset_3")]),
    ),
]


def content_and_time(client: Client) -> dict[tuple[str, str], tuple[str, datetime]]:
    """What each row holds, a bundle's list with it, and when it was updated."""
    rows = client.execute("""
        SELECT 'draft', draft_id, to_jsonb(d) - 'id' - 'updated_at', updated_at
        FROM production_drafts AS d
        UNION ALL
        SELECT 'bundle', bundle_id, to_jsonb(b) - 'id' - 'updated_at' || jsonb_build_object(
            'assets', (
                SELECT jsonb_agg(to_jsonb(a) - 'id' - 'updated_at' ORDER BY a.id)
                FROM production_bundle_assets AS a WHERE a.bundle_id = b.bundle_id
            )
        ), updated_at
        FROM production_bundles AS b
        UNION ALL
        SELECT 'asset', asset_id, to_jsonb(a) - 'id' - 'updated_at', updated_at
        FROM production_bundle_assets AS a
    """)
    return {(kind, key): (repr(content), time) for kind, key, content, time in rows}


@pytest.mark.parametrize("in_one_transaction", [False, True])
def test_updated_at_moves_on_with_every_change_and_with_nothing_else(
    client: Client, in_one_transaction: bool
) -> None:
    # Within one transaction now() would stand still.
    if in_one_transaction:
        client.use_transactions()
    before = content_and_time(client)
    for declared, *args in CHANGES:
        client(declared, *args)
        after = content_and_time(client)
        assert after != before, args
        for key in before.keys() & after.keys():
            (old_content, old_time), (content, time) = before[key], after[key]
            assert (time > old_time) if content != old_content else (time == old_time), args
        before = after


def asset_times(observer: Observer) -> dict[str, datetime]:
    rows = observer.rows("production_bundle_assets")
    return {row["asset_id"]: row["updated_at"] for row in rows}


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        (lambda: bundle("bundle_1", "a", "b", "c", "d"), {"d"}),
        (lambda: bundle("bundle_1", "c", "b", "a"), set[str]()),
        (lambda: bundle("bundle_1", "b", "c"), set[str]()),
        (lambda: bundle("bundle_1", "new", "a", "b", "c"), {"new"}),
        (
            lambda: bundle(assets=[asset("a"), asset("b", url="changed"), asset("c")]),
            {"b"},
        ),
        *(
            (lambda x=x: bundle(assets=[asset("c"), asset("b", **x), asset("a")]), {"b"})
            for x in ({"url": ""}, {"asset_type": ""}, {"metadata": {"alt": 1}})
        ),
    ],
    ids=[
        "append",
        "reorder",
        "remove",
        "insert",
        "change",
        "url",
        "asset_type",
        "metadata",
    ],
)
def test_an_upsert_of_a_bundle_moves_the_updated_at_of_changed_assets_alone(
    client: Client, observer: Observer, change: Callable[[], Any], moved: set[str]
) -> None:
    client(bundles.create, bundle("bundle_1", "a", "b", "c"))
    before = asset_times(observer)

    client(bundles.upsert, change())

    after = asset_times(observer)
    assert {key for key, time in after.items() if before.get(key) != time} == moved


def test_an_asset_that_moves_with_null_for_no_metadata_keeps_its_updated_at(
    client: Client, observer: Observer
) -> None:
    plain = [asset("a", metadata={}), asset("b", metadata={})]
    client(bundles.create, bundle(assets=plain))
    observer.conn.execute("UPDATE production_bundle_assets SET metadata = NULL")
    before = asset_times(observer)

    client(bundles.upsert, bundle(assets=plain[::-1]))

    assert asset_times(observer) == before


@pytest.mark.parametrize(
    "write",
    [
        (drafts.create, draft()),
        (drafts.upsert, draft()),
        (bundles.create, bundle("bundle_1", "a")),
        (bundles.upsert, bundle("bundle_1", "a")),
        (bundles.upsert_many, [bundle("bundle_1", "a")]),
        (assets.create, "bundle_0", asset("a")),
        (assets.upsert, "bundle_0", asset("a")),
    ],
    ids=lambda write: write[0].name,
)
def test_what_is_written_late_in_a_transaction_bears_the_time_of_the_call(
    client: Client, observer: Observer, write: tuple[Any, ...]
) -> None:
    if write[1] == "bundle_0":
        client(bundles.create, bundle("bundle_0", draft_id="draft_0"))
    client.use_transactions()
    client.execute("SELECT 1")
    before = observer.conn.execute("SELECT clock_timestamp()").fetchone()
    assert before is not None

    client(*write)

    client.commit()
    for table in TABLES:
        for row in observer.rows(table):
            assert row["updated_at"] > before[0]
            # That of a draft is given.
            if table != "production_drafts" and row.get("draft_id") != "draft_0":
                assert row["created_at"] > before[0]


def test_the_updated_at_of_a_draft_that_two_sessions_create_moves_with_each_write(
    client: Client, observer: Observer
) -> None:
    client.use_transactions()
    client(drafts.upsert, draft(body="one"))
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, drafts.upsert, draft(body="two"))
        blocked.wait_until_blocked(observer)
        client(drafts.upsert, draft(body="three"))
        ((before,),) = client.execute("SELECT updated_at FROM production_drafts")
        client.commit()

        assert blocked.finish() is True
    (row,) = observer.rows("production_drafts")
    assert row["body"] == "two"
    assert row["updated_at"] > before


@pytest.mark.parametrize(
    ("table", "write"),
    [
        ("production_bundles", lambda n: (assets.create, "bundle_1", asset(n))),
        ("production_bundles", lambda n: (assets.upsert, "bundle_1", asset(n))),
        ("production_bundles", lambda n: (bundles.upsert, bundle("bundle_1", n))),
        ("production_bundles", lambda n: (bundles.upsert_many, [bundle("bundle_1", n)])),
        ("production_drafts", lambda n: (drafts.upsert, draft(body=n))),
    ],
    ids=[
        "assets.create",
        "assets.upsert",
        "bundles.upsert",
        "bundles.upsert_many",
        "drafts.upsert",
    ],
)
def test_updated_at_never_goes_back(
    client: Client, observer: Observer, table: str, write: Callable[[str], tuple[Any, ...]]
) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1"))
    client.use_transactions()
    client(*write("a"))
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, *write("b")).wait_until_blocked(observer)
        client(*write("c"))
        ((before,),) = client.execute(f"SELECT updated_at FROM {table}")
        client.commit()
        blocked.finish()
        assert observer.rows(table)[0]["updated_at"] > before


@pytest.mark.parametrize(
    "write",
    [
        (drafts.upsert, draft(body="Changed")),
        (drafts.upsert_many, [draft(body="Changed")]),
        (bundles.upsert, bundle("bundle_1", "a")),
        (bundles.upsert_many, [bundle("bundle_1", "a")]),
        (assets.create, "bundle_1", asset("a")),
        (assets.upsert, "bundle_1", asset("a")),
    ],
    ids=lambda write: write[0].name,
)
def test_updated_at_moves_on_also_where_the_clock_has_been_set_back(
    client: Client, observer: Observer, write: tuple[Any, ...]
) -> None:
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_1"))
    table = "production_drafts" if write[0].name.startswith("drafts") else TABLES[1]
    later = f"UPDATE {table} SET updated_at = updated_at + '1 day' RETURNING updated_at"
    ((before,),) = client.execute(later)

    client(*write)

    assert observer.rows(table)[0]["updated_at"] > before
