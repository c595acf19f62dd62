"""Any calls in any order do what the model does, in and out of transactions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from production_sql import (
    AssetDTO,
    ContentDraftDTO,
    DraftBundleDTO,
    assets,
    bundles,
    drafts,
)

from .client import SECONDS, TABLES, Client, rounds
from .history import outcome
from .model import Model
from .samples import NOON

draft_ids = st.sampled_from(["draft_1", "draft_2", "draft_3"])
strategy_ids = st.sampled_from(["strategy_1", "strategy_2"])
bundle_ids = st.sampled_from(["bundle_1", "bundle_2", "bundle_3"])
asset_ids = st.sampled_from("abcdef")
texts = st.sampled_from(["", "one", "two"])
times = st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours))
metadata: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"a": 1}, {"a": True}, {"a": 1.0}, {"a": [None], "b": "\0"}]
)
limits = st.integers(1, 4)
given_drafts = st.builds(
    ContentDraftDTO,
    draft_id=draft_ids,
    strategy_id=strategy_ids,
    content_type=texts,
    body=texts,
    metadata=metadata,
    created_at=times,
)
given_assets = st.builds(
    AssetDTO, asset_id=asset_ids, asset_type=texts, url=texts, metadata=metadata
)
given_bundles = st.builds(
    DraftBundleDTO,
    bundle_id=bundle_ids,
    draft_id=draft_ids,
    assets=st.lists(given_assets, max_size=5, unique_by=lambda asset: asset.asset_id),
    assembled_at=times,
)

KEYS = dict(zip(TABLES, ["draft_id", "bundle_id", "asset_id"], strict=True))
Rows = dict[str, dict[str, dict[str, Any]]]


class Machine(RuleBasedStateMachine):
    """Makes each call on the tables and on the model, and compares."""

    client: ClassVar[Client]

    @initialize()
    def empty(self) -> None:
        self.client.rollback()
        self.client.set_autocommit(True)
        for table in TABLES:
            self.client.execute(f"DELETE FROM {table}")
        self.model = Model()
        self.savepoints: list[Model] = []

    def rows(self) -> Rows:
        """All rows by table and key, with the version that each of them is."""
        found: Rows = {}
        for table, key in KEYS.items():
            rows = self.client.rows(f"SELECT *, xmin, ctid FROM {table} ORDER BY id")
            found[table] = {row[key]: row for row in rows}
        return found

    def contents(self, rows: Rows) -> Rows:
        """The rows without what is not content; a bundle with its list of assets."""
        book = ("id", "updated_at", "xmin", "ctid")
        contents = {
            table: {
                key: {name: value for name, value in row.items() if name not in book}
                for key, row in of_table.items()
            }
            for table, of_table in rows.items()
        }
        for key, row in contents["production_bundles"].items():
            listed = contents["production_bundle_assets"].values()
            row["assets"] = [asset for asset in listed if asset["bundle_id"] == key]
        return contents

    def both(
        self,
        expect: Callable[..., Any],
        declared: Callable[..., Any],
        *args: Any,
        **more: Any,
    ) -> None:
        before = self.rows()
        expected, error = outcome(expect, *args, *more.values())

        result, raised = outcome(self.client, declared, *args, **more)

        assert (result, raised) == (expected, error)
        after = self.rows()
        writes = result is True or (error is None and declared.__name__ == "create")
        assert (before != after) is writes
        self.check_times(before, after)

    def check_times(self, before: Rows, after: Rows) -> None:
        was, now = self.contents(before), self.contents(after)
        for table, rows in after.items():
            for key in rows.keys() & before[table].keys():
                old, new = before[table][key], rows[key]
                assert new["created_at"] == old["created_at"]
                # repr tells 1 from True.
                has_changed = repr(was[table][key]) != repr(now[table][key])
                assert (new["updated_at"] > old["updated_at"]) is has_changed

    @rule(draft=given_drafts)
    def create_draft(self, draft: ContentDraftDTO) -> None:
        self.both(self.model.create_draft, drafts.create, draft)

    @rule(draft=given_drafts)
    def upsert_draft(self, draft: ContentDraftDTO) -> None:
        self.both(self.model.upsert_draft, drafts.upsert, draft)

    @rule(draft_id=draft_ids)
    def fetch_draft(self, draft_id: str) -> None:
        self.both(self.model.fetch_draft, drafts.fetch, draft_id)

    @rule(strategy_id=strategy_ids, limit=limits, after=st.none() | draft_ids)
    def fetch_drafts(self, strategy_id: str, limit: int, after: str | None) -> None:
        fetch = drafts.fetch_by_strategy
        self.both(self.model.fetch_drafts, fetch, strategy_id, limit=limit, after=after)

    @rule(draft_id=draft_ids)
    def discard_draft(self, draft_id: str) -> None:
        self.both(self.model.discard_draft, drafts.discard, draft_id)

    @rule(bundle=given_bundles)
    def create_bundle(self, bundle: DraftBundleDTO) -> None:
        self.both(self.model.create_bundle, bundles.create, bundle)

    @rule(bundle=given_bundles)
    def upsert_bundle(self, bundle: DraftBundleDTO) -> None:
        self.both(self.model.upsert_bundle, bundles.upsert, bundle)

    @rule(given=st.lists(given_bundles, max_size=4), size=st.integers(1, 4))
    def upsert_bundles(self, given: list[DraftBundleDTO], size: int) -> None:
        # The times are not looked at: what changes twice may be what it was.
        before = self.rows()
        expected = outcome(self.model.upsert_bundles, given)

        made = outcome(self.client, bundles.upsert_many, given, batch_size=size)

        assert made == expected
        assert (before != self.rows()) is bool(made[0])

    @rule(bundle_id=bundle_ids)
    def fetch_bundle(self, bundle_id: str) -> None:
        self.both(self.model.fetch_bundle, bundles.fetch, bundle_id)

    @rule(draft_id=draft_ids, limit=limits, after=st.none() | bundle_ids)
    def fetch_bundles(self, draft_id: str, limit: int, after: str | None) -> None:
        fetch = bundles.fetch_by_draft
        self.both(self.model.fetch_bundles, fetch, draft_id, limit=limit, after=after)

    @rule(bundle_id=bundle_ids)
    def discard_bundle(self, bundle_id: str) -> None:
        self.both(self.model.discard_bundle, bundles.discard, bundle_id)

    @rule(bundle_id=bundle_ids, asset=given_assets)
    def create_asset(self, bundle_id: str, asset: AssetDTO) -> None:
        self.both(self.model.create_asset, assets.create, bundle_id, asset)

    @rule(bundle_id=bundle_ids, asset=given_assets)
    def upsert_asset(self, bundle_id: str, asset: AssetDTO) -> None:
        self.both(self.model.upsert_asset, assets.upsert, bundle_id, asset)

    @rule(asset_id=asset_ids)
    def fetch_asset(self, asset_id: str) -> None:
        self.both(self.model.fetch_asset, assets.fetch, asset_id)

    @rule(bundle_id=bundle_ids)
    def fetch_assets(self, bundle_id: str) -> None:
        self.both(self.model.fetch_assets, assets.fetch_by_bundle, bundle_id)

    @rule()
    @precondition(lambda self: not self.savepoints)
    def begin(self) -> None:
        self.client.use_transactions()
        self.savepoints.append(self.model.copy())

    @rule()
    @precondition(lambda self: self.savepoints)
    def savepoint(self) -> None:
        self.client.execute("SAVEPOINT here")
        self.savepoints.append(self.model.copy())

    @rule()
    @precondition(lambda self: self.savepoints)
    def rollback(self) -> None:
        self.model = self.savepoints.pop()
        if self.savepoints:
            self.client.execute("ROLLBACK TO here; RELEASE here")
        else:
            self.client.rollback()
            self.client.set_autocommit(True)

    @rule()
    @precondition(lambda self: self.savepoints)
    def commit(self) -> None:
        self.client.commit()
        self.client.set_autocommit(True)
        self.savepoints.clear()


@pytest.mark.parametrize("seconds", SECONDS)
def test_any_calls_do_what_the_model_does(client: Client, seconds: float) -> None:
    machine = type("Machine", (Machine,), {"client": client})

    for _ in rounds(1, seconds):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=10,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
