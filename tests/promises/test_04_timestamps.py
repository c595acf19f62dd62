"""created_at is that of the first write; updated_at moves with every change alone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from production_sql import assets, bundles, drafts

from ..client import Client, Observer
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
    (bundles.upsert, bundle("bundle_1", assets=[asset("asset_1", url="changed")])),
    (assets.create, "bundle_1", asset("asset_2")),
    (assets.upsert, "bundle_1", asset("asset_3")),
    (assets.upsert, "bundle_1", asset("asset_3", url="changed")),
]


@pytest.mark.parametrize("in_one_transaction", [False, True])
def test_every_change_moves_updated_at_on(client: Client, in_one_transaction: bool) -> None:
    # Within one transaction now() would stand still.
    if in_one_transaction:
        client.use_transactions()
    seen: dict[str, datetime] = {}
    for declared, *args in CHANGES:
        client(declared, *args)
        table = "drafts" if declared is drafts.upsert else "bundles"
        ((updated_at,),) = client.execute(f"SELECT updated_at FROM production_{table}")
        assert table not in seen or updated_at > seen[table]
        seen[table] = updated_at


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
        (
            lambda: bundle(assets=[asset("c"), asset("b", url="changed"), asset("a")]),
            {"b"},
        ),
    ],
    ids=["append", "reorder", "remove", "insert", "change", "reorder and change"],
)
def test_an_upsert_of_a_bundle_moves_the_updated_at_of_changed_assets_alone(
    client: Client, observer: Observer, change: Callable[[], Any], moved: set[str]
) -> None:
    client(bundles.create, bundle("bundle_1", "a", "b", "c"))
    before = asset_times(observer)

    client(bundles.upsert, change())

    after = asset_times(observer)
    assert {key for key, time in after.items() if before.get(key) != time} == moved
