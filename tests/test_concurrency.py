"""Calls made at once return what they would in some order, one after the other."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import product
from operator import attrgetter
from random import Random
from threading import Barrier
from time import monotonic_ns
from typing import Any

import psycopg
import pytest

from production_sql import AssetDTO, DraftBundleDTO, assets, bundles, drafts

from .client import SECONDS, TABLES, Client, rounds
from .history import Event, explain, outcome
from .samples import asset, bundle, draft

CALLS = 3
ADD_ASSET = {"create_asset", "upsert_asset"}
STORE_BUNDLE = {"create_bundle", "upsert_bundle"}
BEGIN = attrgetter("begin")
Call = tuple[str, Callable[..., Any], tuple[Any, ...]]


def bundle_call(random: Random) -> Call:
    bundle_id = random.choice(["bundle_1", "bundle_2"])
    asset_id = random.choice("abc")
    url = random.choice(["one", "two"])
    asset_ids = random.sample("abc", random.randint(0, 3))
    listed = bundle(bundle_id, assets=[asset(key, url=url) for key in asset_ids])
    calls: list[Call] = [
        ("create_bundle", bundles.create, (listed,)),
        ("upsert_bundle", bundles.upsert, (listed,)),
        ("upsert_bundle", bundles.upsert, (listed,)),
        ("discard_bundle", bundles.discard, (bundle_id,)),
        ("fetch_bundle", bundles.fetch, (bundle_id,)),
        ("create_asset", assets.create, (bundle_id, asset(asset_id, url=url))),
        ("upsert_asset", assets.upsert, (bundle_id, asset(asset_id, url=url))),
        ("fetch_asset", assets.fetch, (asset_id,)),
    ]
    return random.choice(calls)


def own_asset(random: Random, bundle_id: str) -> AssetDTO:
    return asset(f"{random.choice('abc')} of {bundle_id}", url=random.choice("12"))


def own_assets_call(random: Random) -> Call:
    """Return a call on bundles of which none wants the asset of another, such as a load."""
    listed = [
        bundle(bundle_id, assets=list({a.asset_id: a for a in given}.values()))
        for bundle_id in random.sample(["bundle_1", "bundle_2"], 2)
        for given in [[own_asset(random, bundle_id) for _ in range(random.randint(0, 3))]]
    ]
    bundle_id = listed[0].bundle_id
    calls: list[Call] = [
        ("upsert_bundles", upsert_bundles_by_ones, (listed,)),
        ("upsert_bundles", bundles.upsert_many, (listed,)),
        ("upsert_bundle", bundles.upsert, (listed[0],)),
        ("discard_bundle", bundles.discard, (bundle_id,)),
    ]
    return random.choice(calls)


def upsert_bundles_by_ones(conn: Any, listed: list[DraftBundleDTO]) -> Any:
    return bundles.upsert_many(conn, listed, batch_size=1)


def load_call(random: Random) -> Call:
    """Return a call on whole bundles, or a load of some of them."""
    some = [call for call in map(bundle_call, [random] * 20) if call[0] not in ADD_ASSET]
    listed = [args[0] for model, _, args in some if model in STORE_BUNDLE][:5]
    calls: list[Call] = [
        ("upsert_bundles", upsert_bundles_by_ones, (listed,)),
        ("upsert_bundles", bundles.upsert_many, (listed,)),
        *some[:2],
    ]
    return random.choice(calls)


def draft_call(random: Random) -> Call:
    draft_id = random.choice(["draft_1", "draft_2"])
    given = draft(draft_id, body=random.choice(["one", "two"]))
    calls: list[Call] = [
        ("create_draft", drafts.create, (given,)),
        ("upsert_draft", drafts.upsert, (given,)),
        ("discard_draft", drafts.discard, (draft_id,)),
        ("fetch_draft", drafts.fetch, (draft_id,)),
    ]
    return random.choice(calls)


def any_call(random: Random) -> Call:
    return random.choice([bundle_call, draft_call])(random)


# What READ COMMITTED never raises.
RACES = (psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation)


def whole_call(random: Random) -> Call:
    """Return a call of any kind but those that add to a bundle."""
    while (call := any_call(random))[0] in ADD_ASSET:
        pass
    return call


def make(
    client: Client,
    calls: Iterable[Call],
    barrier: Barrier | None = None,
    *,
    may_deadlock: bool = False,
) -> list[Event]:
    """Make calls one after the other; one that lost to another is no event."""
    events: list[Event] = []
    if barrier:
        barrier.wait()
    for model, declared, args in calls:
        begin = monotonic_ns()
        try:
            made = outcome(client, declared, *args)
            client.commit()
        except RACES:
            if client.isolation == "read committed":
                raise
            client.rollback()
        except psycopg.errors.DeadlockDetected:
            # A transaction, such as a load, and a discard that looks again keep their
            # locks: docs/promises.md.
            if not may_deadlock:
                raise
            client.rollback()
        else:
            events.append(Event(model, args, begin, monotonic_ns(), made))
    return events


LOOK: list[Call] = [
    *(("fetch_bundle", bundles.fetch, (f"bundle_{n}",)) for n in (1, 2)),
    *(("fetch_draft", drafts.fetch, (f"draft_{n}",)) for n in (1, 2)),
]


ORPHANS = """
    SELECT asset_id FROM production_bundle_assets
    WHERE bundle_id NOT IN (SELECT bundle_id FROM production_bundles)
"""

ISOLATION = ["read committed", "repeatable read", "serializable"]


def made_at_once(
    dsn: str, choose: Callable[[Random], Call], isolation: str, seconds: float
) -> Iterator[list[Event]]:
    """Make random calls in four sessions, over and over, and give what was made."""
    random = Random(int(os.environ["PRODUCTION_SQL_SEED"]))
    with ExitStack() as stack:
        clients = [
            stack.enter_context(Client.connected(dsn, kind, isolation))
            for kind in ["sync", "async"] * 2
        ]
        pool = stack.enter_context(ThreadPoolExecutor(len(clients)))
        for _ in rounds(10, seconds):
            first = clients[0]
            first.set_autocommit(True)
            for table in TABLES:
                first.execute(f"DELETE FROM {table}")
            in_transactions = random.random() < 0.5
            for client in clients:
                client.set_autocommit(not in_transactions)
            events = make(first, [choose(random) for _ in range(CALLS)])
            together = partial(
                make,
                barrier=Barrier(len(clients)),
                may_deadlock=choose is load_call
                or (in_transactions and choose in (any_call, whole_call)),
            )
            lists = [[choose(random) for _ in range(CALLS)] for _ in clients]
            for made in pool.map(together, clients, lists):
                events += made
            events += make(first, LOOK)
            assert first.execute(ORPHANS) == []
            first.commit()
            yield events


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize(
    ("choose", "isolation"),
    [
        *product([bundle_call, draft_call], ISOLATION),
        # Else a bundle can come, or the draft come again, while its draft is discarded.
        (any_call, "serializable"),
        # A load has more statements than one, and locks nothing that is unchanged.
        (own_assets_call, "serializable"),
        pytest.param(load_call, "serializable", marks=pytest.mark.torture),
    ],
)
def test_calls_made_at_once_return_what_they_would_in_some_order(
    dsn: str, choose: Callable[[Random], Call], isolation: str, seconds: float
) -> None:
    for events in made_at_once(dsn, choose, isolation, seconds):
        assert explain(events), sorted(events, key=BEGIN)


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
@pytest.mark.parametrize(
    "choose",
    [whole_call, own_assets_call, pytest.param(load_call, marks=pytest.mark.torture)],
)
def test_calls_of_every_kind_at_once_leave_every_bundle_whole(
    dsn: str, choose: Callable[[Random], Call], isolation: str, seconds: float
) -> None:
    for events in made_at_once(dsn, choose, isolation, seconds):
        given = [event.args[0] for event in events if event.model in STORE_BUNDLE]
        for event in events:
            if event.model == "upsert_bundles":
                given += event.args[0]
        for event in events:
            found, _ = event.outcome
            if event.model == "fetch_bundle" and found:
                assert found in given, sorted(events, key=BEGIN)
