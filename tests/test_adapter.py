"""The ports, over a real database, for sync and async hosts."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from unittest.mock import patch
from uuid import RFC_4122, UUID

import msgspec
import psycopg
import pytest
from psycopg.errors import OperationalError
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from production_sql import (
    AlreadyExistsError,
    AssetAssemblePort,
    AssetConflictError,
    AssetDTO,
    AsyncAssetAssemblePort,
    AsyncDraftGeneratePort,
    AsyncProductionQueryPort,
    ContentDraftDTO,
    DraftGeneratePort,
    InvalidValueError,
    NotFoundError,
    ProductionQueryPort,
    bundles,
    drafts,
)
from production_sql.adapter import (
    AsyncProductionAdapter,
    DraftContent,
    ProductionAdapter,
    new_id,
)

from .client import Client, Observer
from .samples import asset, bundle, draft

CONTENT = DraftContent(content_type="blog_post", body="Written", metadata={"tone": "calm"})


class Host:
    """A host of either kind: its functions, and what it was asked for."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.written_for: list[str] = []
        self.collected_for: list[ContentDraftDTO] = []
        self.open = 0
        self.meanwhile: Callable[[], object] = lambda: None
        self.assets: Any = [asset("asset_2"), asset("asset_1")]
        self.content = CONTENT

    def call(self, method: str, *args: str, **ids: str) -> Any:
        adapter: Any
        if self.client.kind == "sync":
            adapter = ProductionAdapter(self.connection, self.write, self.collect)
        else:
            adapter = AsyncProductionAdapter(
                self.async_connection, self.write_async, self.collect_async
            )
        return self.client.run(getattr(adapter, method)(*args, **ids))

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.client.dsn) as conn:
            self.open += 1
            yield conn
        self.open -= 1

    @asynccontextmanager
    async def async_connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        async with await psycopg.AsyncConnection.connect(self.client.dsn) as conn:
            self.open += 1
            yield conn
        self.open -= 1

    def write(self, strategy_id: str) -> DraftContent:
        assert self.open == 0
        self.written_for.append(strategy_id)
        self.meanwhile()
        return self.content

    def collect(self, draft: ContentDraftDTO) -> Iterator[AssetDTO]:
        assert self.open == 0
        self.collected_for.append(draft)
        self.meanwhile()
        return iter(self.assets)

    async def write_async(self, strategy_id: str) -> DraftContent:
        return self.write(strategy_id)

    async def collect_async(self, draft: ContentDraftDTO) -> Iterator[AssetDTO]:
        return self.collect(draft)


@pytest.fixture
def host(client: Client) -> Host:
    return Host(client)


def test_a_generated_draft_is_stored_with_what_the_host_wrote(host: Host) -> None:
    made = host.call("generate_draft", "strategy_1")

    assert host.written_for == ["strategy_1"]
    assert host.client(drafts.fetch, made.draft_id) == made
    assert made.strategy_id == "strategy_1"
    assert (made.content_type, made.body, made.metadata) == (
        CONTENT.content_type,
        CONTENT.body,
        CONTENT.metadata,
    )


def test_an_assembled_bundle_is_stored_with_the_assets_in_the_order_of_the_host(
    host: Host,
) -> None:
    host.client(drafts.create, draft())

    made = host.call("assemble_bundle", "draft_1")

    assert host.collected_for == [draft()]
    assert host.client(bundles.fetch, made.bundle_id) == made
    assert made.draft_id == "draft_1"
    assert made.assets == [asset("asset_2"), asset("asset_1")]


def test_get_draft_returns_the_stored_one(host: Host) -> None:
    host.client(drafts.create, draft())

    assert host.call("get_draft", "draft_1") == draft()


@pytest.mark.parametrize("method", ["get_draft", "assemble_bundle"])
def test_an_unknown_draft_is_not_found(host: Host, method: str) -> None:
    with pytest.raises(NotFoundError, match=r"^draft 'draft_1' is not stored: was it"):
        host.call(method, "draft_1")

    assert host.collected_for == []


def test_ids_are_new_for_each_call(host: Host) -> None:
    host.assets = []
    one, two = (host.call("generate_draft", "strategy_1") for _ in range(2))
    three, four = (host.call("assemble_bundle", one.draft_id) for _ in range(2))

    assert one.draft_id < two.draft_id < three.bundle_id < four.bundle_id


def test_a_repeated_call_with_the_id_is_a_replay(host: Host, observer: Observer) -> None:
    made = host.call("generate_draft", "strategy_1", draft_id="draft_1")
    assembled = host.call("assemble_bundle", "draft_1", bundle_id="bundle_1")
    before = observer.everything()
    host.content = DraftContent(content_type="other", body="Other")
    host.assets = []

    assert host.call("generate_draft", "strategy_1", draft_id="draft_1") == made
    assert host.call("assemble_bundle", "draft_1", bundle_id="bundle_1") == assembled
    assert len(host.written_for) == len(host.collected_for) == 1
    assert observer.everything() == before


def test_of_two_calls_with_one_id_the_first_to_store_decides(
    host: Host, observer: Observer
) -> None:
    host.meanwhile = lambda: drafts.upsert(observer.conn, draft())
    made = host.call("generate_draft", "strategy_1", draft_id="draft_1")
    host.meanwhile = lambda: bundles.upsert(observer.conn, bundle("bundle_1", "a"))
    assembled = host.call("assemble_bundle", "draft_1", bundle_id="bundle_1")

    assert made == draft()
    assert assembled == bundle("bundle_1", "a")


def test_the_id_of_another_strategys_draft_is_taken(host: Host, observer: Observer) -> None:
    def call() -> None:
        host.call("generate_draft", "strategy_2", draft_id="draft_1")

    message = (
        r"^draft 'draft_1' exists, of strategy 'strategy_1' and not 'strategy_2': give "
        r"another draft_id$"
    )
    host.meanwhile = lambda: drafts.upsert(observer.conn, draft())
    for _ in range(2):
        with pytest.raises(AlreadyExistsError, match=message):
            call()
    assert len(host.written_for) == 1
    assert host.client(drafts.fetch, "draft_1") == draft()


def test_the_id_of_another_drafts_bundle_is_taken(host: Host, observer: Observer) -> None:
    host.client(drafts.create, draft("draft_2"))
    message = (
        r"^bundle 'bundle_1' exists, of draft 'draft_1' and not 'draft_2': give another "
        r"bundle_id$"
    )
    host.meanwhile = lambda: bundles.upsert(observer.conn, bundle())
    for _ in range(2):
        with pytest.raises(AlreadyExistsError, match=message):
            host.call("assemble_bundle", "draft_2", bundle_id="bundle_1")
    assert len(host.collected_for) == 1
    assert host.client(bundles.fetch, "bundle_1") == bundle()


def test_a_draft_discarded_while_its_assets_are_collected_is_not_found(
    host: Host, observer: Observer
) -> None:
    host.client(drafts.create, draft())
    host.meanwhile = lambda: drafts.discard(observer.conn, "draft_1")

    with pytest.raises(NotFoundError):
        host.call("assemble_bundle", "draft_1", bundle_id="bundle_1")

    assert host.client(bundles.fetch, "bundle_1") is None


@pytest.mark.parametrize(
    ("module", "method", "of", "ids", "taken"),
    [
        (drafts, "generate_draft", "strategy_1", {"draft_id": "taken"}, draft("taken")),
        (bundles, "assemble_bundle", "draft_1", {"bundle_id": "taken"}, bundle("taken")),
    ],
)
def test_what_another_call_has_stored_and_lost_again_is_not_found(
    host: Host, observer: Observer, module: Any, method: str, of: str, ids: Any, taken: Any
) -> None:
    host.client(drafts.create, draft())
    host.meanwhile = lambda: module.create(observer.conn, taken)
    fetch, asked = module.fetch, []

    def fetch_later(conn: Any, key: str) -> Any:
        asked.append(key)
        if len(asked) == 2:
            module.discard(observer.conn, key)
        return fetch(conn, key)

    with (
        patch.object(module, "fetch", fetch_later),
        pytest.raises(NotFoundError, match="'taken' is not stored: was it discarded"),
    ):
        host.call(method, of, **ids)

    assert asked == ["taken", "taken"]


def test_what_is_returned_is_what_is_stored_and_nothing_of_the_hosts(host: Host) -> None:
    host.content = DraftContent(content_type="a", body="b", metadata={"z": 1, "a": 2})
    host.assets = [asset(metadata={"z": 1, "a": 2})]

    made = host.call("generate_draft", "strategy_1", draft_id="draft_1")
    assembled = host.call("assemble_bundle", "draft_1", bundle_id="bundle_1")

    again = host.call("generate_draft", "strategy_1", draft_id="draft_1")
    assert msgspec.json.encode(made) == msgspec.json.encode(again)
    again = host.call("assemble_bundle", "draft_1", bundle_id="bundle_1")
    assert msgspec.json.encode(assembled) == msgspec.json.encode(again)
    made.metadata["more"] = assembled.assets[0].metadata["more"] = 3
    assert host.content.metadata == host.assets[0].metadata == {"z": 1, "a": 2}


def test_the_time_of_what_is_made_is_that_of_the_call(host: Host) -> None:
    start = datetime.now(UTC)
    made = host.call("generate_draft", "strategy_1")
    middle = datetime.now(UTC)
    assembled = host.call("assemble_bundle", made.draft_id)

    assert start <= made.created_at <= middle <= assembled.assembled_at
    assert assembled.assembled_at <= datetime.now(UTC)


def test_an_asset_of_another_bundle_is_a_conflict_and_nothing_is_stored(host: Host) -> None:
    host.client(drafts.create, draft())
    host.client(bundles.create, bundle("bundle_2", "asset_1"))

    with pytest.raises(AssetConflictError, match="asset_1"):
        host.call("assemble_bundle", "draft_1", bundle_id="bundle_1")

    assert host.client(bundles.fetch, "bundle_1") is None


def test_an_id_that_cannot_be_is_refused_before_the_host_is_asked(host: Host) -> None:
    host.client(drafts.create, draft())
    for method, of, ids in (
        ("generate_draft", "strategy_1", {"draft_id": ""}),
        ("assemble_bundle", "draft_1", {"bundle_id": ""}),
        ("get_draft", "", {}),
    ):
        with pytest.raises(InvalidValueError):
            host.call(method, of, **ids)

    assert not host.written_for
    assert not host.collected_for


def test_what_the_host_raises_passes_through_with_nothing_stored(
    host: Host, observer: Observer
) -> None:
    host.client(drafts.create, draft())
    before = observer.everything()

    def fail() -> None:
        raise LookupError("the writer has no idea")

    host.meanwhile = fail
    for method, of in (("generate_draft", "strategy_1"), ("assemble_bundle", "draft_1")):
        with pytest.raises(LookupError, match="no idea"):
            host.call(method, of)
    assert observer.everything() == before


def test_a_failed_connection_is_the_drivers_error(host: Host) -> None:
    host.client.dsn = "host=/nowhere"

    with pytest.raises(OperationalError):
        host.call("get_draft", "draft_1")


def test_the_adapters_are_the_ports() -> None:
    ports: dict[type, list[Any]] = {
        ProductionAdapter: [DraftGeneratePort, AssetAssemblePort, ProductionQueryPort],
        AsyncProductionAdapter: [
            AsyncDraftGeneratePort,
            AsyncAssetAssemblePort,
            AsyncProductionQueryPort,
        ],
    }
    for adapter, bases in ports.items():
        for port in bases:
            assert issubclass(adapter, port)
            with pytest.raises(TypeError, match="abstract"):
                port()


def test_threads_share_an_adapter_over_a_pool(dsn: str) -> None:
    both = Barrier(2)

    def write(_strategy_id: str) -> DraftContent:
        both.wait()
        return CONTENT

    with (
        ConnectionPool(dsn, min_size=1, max_size=1) as pool,
        ThreadPoolExecutor() as threads,
    ):
        adapter = ProductionAdapter(pool.connection, write, lambda _: [])
        calls = [
            threads.submit(adapter.generate_draft, "strategy_1", draft_id="draft_1")
            for _ in range(2)
        ]
        one, two = (call.result() for call in calls)

        assert one == two == adapter.get_draft("draft_1")


def test_an_async_pool_gives_the_connections(client: Client) -> None:
    if client.kind == "sync":
        pytest.skip("see the test above")

    async def write(_strategy_id: str) -> DraftContent:
        return CONTENT

    async def collect(_draft: ContentDraftDTO) -> list[AssetDTO]:
        return [asset()]

    async def run() -> None:
        async with AsyncConnectionPool(client.dsn, min_size=1, open=False) as pool:
            adapter = AsyncProductionAdapter(pool.connection, write, collect)
            made = await adapter.generate_draft("strategy_1")
            assembled = await adapter.assemble_bundle(made.draft_id)
            async with pool.connection() as conn:
                assert await bundles.fetch(conn, assembled.bundle_id) == assembled

    client.run(run())


def test_an_id_is_a_uuid_of_version_7_at_the_present_time() -> None:
    moment = 1_800_000_000_123_456_789
    with patch("production_sql.adapter.time_ns", return_value=moment):
        made = UUID(new_id())

    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == moment // 1_000_000
    assert (made.int >> 64) & 0xFFF == 456_789 * 4096 // 1_000_000


def test_later_ids_sort_after_earlier_ones() -> None:
    start = 1_800_000_000_999_000_000
    moments = range(start, start + 2_000_000, 245)
    with patch("production_sql.adapter.time_ns", side_effect=moments):
        made = [new_id() for _ in moments]

    assert made == sorted(set(made))


def test_ids_of_one_moment_differ() -> None:
    with patch("production_sql.adapter.time_ns", return_value=1):
        assert len({new_id() for _ in range(100)}) == 100


def test_to_import_the_ports_opens_no_connection() -> None:
    code = """
import psycopg, sys
psycopg.connect = psycopg.Connection.connect = psycopg.AsyncConnection.connect = None
import production_sql.ports, production_sql.adapter
assert "yoyo" not in sys.modules
"""
    run = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )

    assert (run.returncode, run.stderr) == (0, "")
