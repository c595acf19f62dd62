"""docs/adopting.md brings tables that a host has made in line, and loses nothing."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest
from pglast import split
from psycopg.conninfo import make_conninfo
from psycopg.errors import FeatureNotSupported, LockNotAvailable
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL, Identifier

from production_sql import bundles, drafts, schema

from .client import Observer
from .samples import asset, bundle, draft
from .test_schema import query, url

CHECKOUT = Path(__file__).parents[1]
PAGE = (CHECKOUT / "docs" / "adopting.md").read_text("utf-8")
OLD, NEW, OTHER = ("old_drafts", "old_bundles"), ("new_drafts", "new_bundles"), "other"
Session = psycopg.Connection[Any]


class Block(NamedTuple):
    """A fenced block of the page."""

    heading: str
    language: str
    text: str

    @property
    def is_locking(self) -> bool:
        return self.text.startswith("BEGIN")


def page() -> list[Block]:
    heading, found = "", []
    for match in re.finditer(r"^## ([^\n]+)|^```(\w+)\n(.*?)^```$", PAGE, re.M | re.S):
        heading = match[1] or heading
        if match[2]:
            found.append(Block(heading, match[2], match[3]))
    return found


def blocks() -> tuple[Block, list[Block], list[Block]]:
    """Return the start, what leads to tables for new code, and what is for it alone."""
    start, *found = (block for block in page() if block.heading != "Replays")
    last = [block for block in found if block.heading == "Clean up"]
    return start, found[: -len(last)], last


class Admin:
    """Runs the blocks, as somebody would by psql and in a shell."""

    def __init__(self, dsn: str) -> None:
        # A limit, for what waits although it should not.
        options = "-c statement_timeout=20s -c client_min_messages=debug1"
        self.conn: Session = psycopg.connect(dsn, autocommit=True, options=options)
        self.conn.add_notice_handler(lambda told: self._told.append(told.message_primary))
        self._told: list[str | None] = []
        self._namespace: dict[str, Any] = {}
        self._printed = StringIO()
        scripts = Path(sys.executable).parent
        self._environment = {"PATH": f"{scripts}:{os.environ['PATH']}"}

    def __enter__(self) -> "Admin":
        return self

    def __exit__(self, *_: object) -> None:
        self.conn.close()

    def run(self, block: Block) -> None:
        if block.language == "sql":
            self._run_until_locked(block.text)
            if block.is_locking and block.heading.startswith("A large table"):
                slow = ("rewriting table", "verifying table", "building index")
                assert not [told for told in self._told if told and told.startswith(slow)]
        elif block.language == "python":
            self._printed = StringIO()
            with redirect_stdout(self._printed):
                exec(compile(block.text, "adopting.md", "exec"), self._namespace)
        elif block.language == "text":
            shown, printed = block.text.splitlines(), self._printed.getvalue().splitlines()
            assert [line for line in shown if line in printed or line == "…"] == shown
            assert "…" in shown or shown == printed
        else:
            command = ["bash", "-eu", "-c", block.text]
            env = os.environ | self._environment
            subprocess.run(command, check=True, cwd=CHECKOUT, env=env)

    def _run_until_locked(self, text: str) -> None:
        while True:
            try:
                return self.run_once(text)
            except LockNotAvailable:
                pass

    def run_once(self, text: str) -> None:
        self._told.clear()
        try:
            for statement in split(text):
                is_look = self._is_idle() and statement.startswith("SELECT")
                cursor = self.conn.execute(statement.encode())
                assert not is_look or cursor.fetchall() == []
        finally:
            if not self._is_idle():
                self.conn.rollback()

    def _is_idle(self) -> bool:
        return self.conn.info.transaction_status == TransactionStatus.IDLE


class Writer(Thread):
    """Makes a step again and again."""

    def __init__(self, dsn: str, step: Callable[[Session], None]) -> None:
        super().__init__()
        self._dsn = dsn
        self._step = step
        self._over = Event()
        self._progress = Condition()
        self.steps = 0
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            options = "-c statement_timeout=10s"
            with psycopg.connect(self._dsn, autocommit=True, options=options) as conn:
                # Not as often as it can, which would be a test of the processors.
                while not self._over.wait(0.02):
                    self._step(conn)
                    with self._progress:
                        self.steps += 1
                        self._progress.notify_all()
        except Exception as error:
            with self._progress:
                self._error = error
                self._progress.notify_all()

    def wait_until(self, steps: int) -> None:
        """Return once so many steps are made."""
        with self._progress:
            self._progress.wait_for(lambda: self._error or self.steps >= steps)
            if self._error:
                raise self._error

    def stop(self) -> None:
        self._over.set()
        self.join()


SEED = """
    INSERT INTO production_drafts (draft_id, strategy_id, content_type, body, meta)
    SELECT concat(kind, n), 'strategy_' || n % 100, 'blog_post', 'body ' || n,
        CASE WHEN n % 10 > 0 THEN format('{{"n":  %1$s, "n":%1$s, "x": 1e23}}', n)::json END
    FROM generate_series(0, {drafts} - 1) AS n, unnest(ARRAY['seed_', 'kept_']) AS kind
    ORDER BY n % 7, n;

    INSERT INTO production_bundles (bundle_id, draft_id, assembled_at)
    SELECT concat(kind, n), concat(kind, n), '2026-03-14 12:00Z'
    FROM generate_series(0, {bundles} - 1) AS n, unnest(ARRAY['seed_', 'kept_']) AS kind;

    INSERT INTO production_bundle_assets (asset_id, bundle_id, asset_type, url, meta)
    SELECT concat(kind, n), concat(kind, n % {bundles}), 'image', 'https://localhost/' || n,
        CASE WHEN n % 10 > 0 THEN json_build_object('n', n) END
    FROM generate_series(0, 2 * {bundles} - 1) AS n, unnest(ARRAY['seed_', 'kept_']) AS kind
    ORDER BY n % 7, n DESC;

    CREATE TABLE production_assets (
        id serial PRIMARY KEY, path text NOT NULL UNIQUE, metadata jsonb
    );
    INSERT INTO production_assets (path, metadata)
    SELECT '/media/' || n, '{{"old": true}}' FROM generate_series(1, 100) AS n;
"""
# Some of the rows that nobody writes, with their ids and the text of what is JSON.
KEPT = """
    SELECT
        draft.id, draft_id, strategy_id, content_type, body, draft.{column}::text,
        draft.created_at, draft.updated_at, bundle.id, bundle_id, assembled_at,
        bundle.created_at, bundle.updated_at, asset.id, asset_id, asset_type, url,
        asset.{column}::text, asset.created_at, asset.updated_at
    FROM production_drafts AS draft
    LEFT JOIN production_bundles AS bundle USING (draft_id)
    LEFT JOIN production_bundle_assets AS asset USING (bundle_id)
    WHERE draft_id ~ '^kept_.*[07]$' ORDER BY draft.id, asset.id
"""
# The rows of the catalogs that define production_assets, as they were written, where it is
# stored, and its rows.
LEGACY = """
    SELECT relname::text, oid, relfilenode, xmin::text FROM pg_class
    WHERE relname ~ '^production_assets'
    UNION ALL
    SELECT attname, attrelid, attnum, xmin::text FROM pg_attribute
    WHERE attrelid::regclass::text ~ '^production_assets'
    UNION ALL
    SELECT conname, oid, 0, xmin::text FROM pg_constraint
    WHERE conrelid = 'production_assets'::regclass
    UNION ALL
    SELECT tgname, oid, 0, xmin::text FROM pg_trigger
    WHERE tgrelid = 'production_assets'::regclass
    UNION ALL
    SELECT path || metadata, id, 0, xmin::text FROM production_assets
    WHERE path ~ '^/media/'
    ORDER BY 1, 2, 3
"""
# What a schema is, but for the order of columns, which here nothing depends on.
CATALOG = """
    WITH found AS (
        SELECT oid, oid::regclass::text AS name FROM pg_class
        WHERE oid::regclass::text ~ '^production_(drafts|bundle)' AND relkind = 'r'
    )
    SELECT name, conname, pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint JOIN found ON conrelid = found.oid
    UNION ALL
    SELECT name, indexrelid::regclass::text, pg_get_indexdef(indexrelid) || indisvalid
    FROM pg_index JOIN found ON indrelid = found.oid
    UNION ALL
    SELECT name, attname, concat_ws(
        ' ', format_type(atttypid, atttypmod), attnotnull, attidentity, atthasdef
    )
    FROM pg_attribute JOIN found ON attrelid = found.oid
    WHERE attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT name, tgname, '' FROM pg_trigger JOIN found ON tgrelid = found.oid
    UNION ALL
    SELECT '', sequencename, concat_ws(' ', data_type, start_value, max_value, cache_size)
    FROM pg_sequences WHERE sequencename ~ '^production_(drafts|bundle)'
    UNION ALL
    SELECT '', proname, '' FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
    ORDER BY 1, 2, 3
"""


class Host:
    """A host whose old code writes the tables, and its new code, and what is to be there.

    Old code has the even ones of what was there from the beginning, and new code the odd.
    """

    def __init__(self, dsn: str, size: int) -> None:
        self.dsn = dsn
        self._size = size
        with psycopg.connect(dsn) as conn:
            conn.execute(SQL(SEED).format(drafts=10 * size, bundles=size))
        self._kept = query(dsn, KEPT.format(column="meta"))
        self._legacy = query(dsn, LEGACY)
        self._drafts = self.old_view()
        self._bundles: dict[str, list[tuple[Any, ...]]] = {}
        rows = """
            SELECT bundle_id, asset_id, url, meta FROM production_bundle_assets ORDER BY id
        """
        for key, asset_id, link, meta in query(dsn, rows):
            self._bundles.setdefault(key, []).append((asset_id, link, meta or {}))
        self._written: list[tuple[str, Any]] = []
        self._steps: Counter[str] = Counter()
        self._writers: list[Writer] = []

    @contextmanager
    def writing(self, *kinds: str) -> Iterator[None]:
        """Let writers run, none of which fails."""
        writers = [Writer(self.dsn, partial(self.step, kind)) for kind in kinds]
        self._writers += writers
        for writer in writers:
            writer.start()
        try:
            yield
            self.wait_for(10)
        finally:
            for writer in writers:
                self._writers.remove(writer)
                writer.stop()
        for writer in writers:
            writer.wait_until(0)

    def wait_for(self, more: int) -> None:
        goals = [(writer, writer.steps + more) for writer in self._writers]
        for writer, steps in goals:
            writer.wait_until(steps)

    def step(self, kind: str, conn: Session) -> None:
        """Write, and note what is acknowledged."""
        getattr(self, f"_{kind}")(conn, self._steps[kind])
        self._steps[kind] += 1

    def _old_drafts(self, conn: Session, n: int) -> None:
        insert = """
            INSERT INTO production_drafts (draft_id, strategy_id, content_type, body, meta)
            VALUES (%s, 'old', 'blog_post', 'first', %s)
        """
        update_meta = "UPDATE production_drafts SET meta = %s WHERE draft_id = %s"
        update_body = """
            UPDATE production_drafts SET body = %s, updated_at = now() WHERE draft_id = %s
        """
        read = "SELECT body, meta FROM production_drafts WHERE draft_id = %s"
        meta = {"changed": n} if n % 7 else None
        conn.execute(insert, [f"old_{n}", meta and json.dumps(meta)])
        self._drafts[f"old_{n}"] = ("first", meta or {})
        for key in (f"old_{n // 2}", f"seed_{n * 246 % (10 * self._size)}"):
            if n % 3:
                conn.execute(update_meta, [meta and json.dumps(meta), key])
                self._drafts[key] = (self._drafts[key][0], meta or {})
            else:
                conn.execute(update_body, [f"body {n}", key])
                self._drafts[key] = (f"body {n}", self._drafts[key][1])
            found = conn.execute(read, [key]).fetchone()
            assert found
            assert (found[0], found[1] or {}) == self._drafts[key]

    def _old_bundles(self, conn: Session, n: int) -> None:
        insert = """
            INSERT INTO production_bundles (bundle_id, draft_id, assembled_at)
            VALUES (%s, 'old', now())
        """
        insert_asset = """
            INSERT INTO production_bundle_assets
            (bundle_id, asset_id, asset_type, url, meta) VALUES (%s, %s, 'image', %s, %s)
        """
        update = "UPDATE production_bundles SET updated_at = now() WHERE bundle_id = %s"
        update_assets = """
            UPDATE production_bundle_assets SET meta = %s WHERE bundle_id = %s
        """
        old, key = f"old_{n}", f"seed_{n * 46 % self._size}"
        listed = [(f"{old}_{place}", f"/{n}", {"n": n}) for place in (2, 1, 3)]
        with conn.transaction():
            conn.execute(insert, [old])
            for asset_id, link, meta in listed:
                conn.execute(insert_asset, [old, asset_id, link, json.dumps(meta)])
        self._bundles[old] = listed
        changed = {"changed": n}
        with conn.transaction():
            conn.execute(update_assets, [json.dumps(changed), key])
            conn.execute(update, [key])
        self._bundles[key] = [(*each[:2], changed) for each in self._bundles[key]]

    def _new_drafts(self, conn: Session, n: int) -> None:
        for key in (
            f"new_{n}",
            f"new_{n // 2}",
            f"seed_{(n * 246 + 1) % (10 * self._size)}",
        ):
            metadata = {"of": key, "changed": n} if n % 7 else {}
            stored = draft(key, body=f"new {n}", metadata=metadata)
            drafts.upsert(conn, stored)
            self._drafts[key] = (stored.body, stored.metadata)
            fetched = drafts.fetch(conn, key)
            assert fetched
            assert (fetched.body, fetched.metadata) == self._drafts[key]

    def _new_bundles(self, conn: Session, n: int) -> None:
        for key in (f"new_{n}", f"new_{n // 2}", f"seed_{(n * 46 + 1) % self._size}"):
            there = [asset_id for asset_id, *_ in self._bundles.get(key, [])]
            names = dict.fromkeys([f"{key} of {n}", *there[-2:]])
            stored = bundle(key, assets=[asset(name, metadata={"n": n}) for name in names])
            bundles.upsert(conn, stored)
            assert bundles.fetch(conn, key) == stored
            self._bundles[key] = [(a.asset_id, a.url, a.metadata) for a in stored.assets]

    def _other(self, conn: Session, n: int) -> None:
        insert = "INSERT INTO production_assets (path, metadata) VALUES (%s, %s)"
        conn.execute(insert, [f"/written/{n}", json.dumps({"n": n})])
        self._written.append((f"/written/{n}", {"n": n}))

    def old_view(self) -> dict[str, tuple[str, Any]]:
        """Return the drafts as old code reads them."""
        rows = query(self.dsn, "SELECT draft_id, body, meta FROM production_drafts")
        return {key: (body, meta or {}) for key, body, meta in rows}

    def check_by_old_code(self) -> None:
        assert self.old_view() == self._drafts

    def check(self) -> None:
        """See that all is there which was acknowledged, and nothing else."""
        with psycopg.connect(self.dsn) as conn:
            with drafts.stream(conn) as stored:
                found = {each.draft_id: (each.body, each.metadata) for each in stored}
            with bundles.stream(conn) as lists:
                listed = {
                    each.bundle_id: [(a.asset_id, a.url, a.metadata) for a in each.assets]
                    for each in lists
                }
        assert found == self._drafts
        assert listed == self._bundles
        assert query(self.dsn, KEPT.format(column="metadata")) == self._kept
        assert query(self.dsn, LEGACY) == self._legacy
        written = "SELECT path, metadata FROM production_assets WHERE path ~ '^/written/'"
        assert query(self.dsn, f"{written} ORDER BY id") == self._written


@pytest.fixture
def database(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of its own without any tables, beside one that has the three."""
    name = f"adopting_{uuid4().hex}"
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        monkeypatch.setenv("DATABASE_URL", url(make_conninfo(dsn, dbname=name)))
        yield make_conninfo(dsn, dbname=name)
        conn.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def test_the_page_brings_tables_in_line_under_old_and_new_code(
    dsn: str, database: str
) -> None:
    start, migrate, clean_up = blocks()

    def steps(*kinds: str) -> None:
        for kind in kinds:
            host.step(kind, conn)

    with Admin(database) as admin, psycopg.connect(database, autocommit=True) as conn:
        admin.run(start)
        host = Host(database, size=100)
        for block in migrate:
            admin.run(block)
            steps(*OLD, OTHER)
        steps(*NEW, *OLD, *NEW)
        host.check_by_old_code()
        for block in clean_up:
            admin.run(block)
            steps(*NEW, OTHER)

    host.check()
    assert query(database, CATALOG) == query(dsn, CATALOG)


def test_a_host_that_stands_still_runs_what_verify_says(database: str) -> None:
    start, _, _ = blocks()
    with Admin(database) as admin:
        admin.run(start)
        Host(database, size=10)
        for difference in schema.verify(database):
            for statement in difference.sql:
                admin.conn.execute(statement.encode())

    assert schema.verify(database) == []


def test_the_blocks_are_for_another_schema_where_it_is_said(database: str) -> None:
    start, migrate, clean_up = blocks()
    said = {
        "python": ('["DATABASE_URL"])', '["DATABASE_URL"], schema="tenant")'),
        "text": ("public.", "tenant."),
        "sh": ('#postgresql}"', '#postgresql}&schema=tenant"'),
    }
    search_path = "SET search_path = tenant"
    for each in (search_path, 'schema="tenant"', "&schema=tenant"):
        assert f"`{each}`" in PAGE
    with Admin(database) as admin:
        admin.conn.execute("CREATE SCHEMA tenant")
        admin.conn.execute(search_path.encode())
        for block in (start, *migrate, *clean_up):
            text = block.text.replace(*said.get(block.language, ("", "")))
            assert block.language == "sql" or text != block.text
            admin.run(block._replace(text=text))

    assert query(database, "SELECT FROM pg_tables WHERE schemaname = 'public'") == []


def test_replays_are_free_once_what_old_code_has_written_is_written_anew(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = (block for block in page() if block.heading == "Replays")
    monkeypatch.setenv("DATABASE_URL", f"{url(dsn)}&application_name=replays")
    with Admin(dsn) as admin, psycopg.connect(dsn, autocommit=True) as conn:
        for key in ("1", "2", "3", "4"):
            drafts.create(conn, draft(key))
            bundles.create(conn, bundle(key, f"asset_{key}"))
        conn.execute("UPDATE production_drafts SET metadata = metadata::jsonb::json")
        conn.execute("UPDATE production_bundle_assets SET metadata = metadata::jsonb::json")
        assert [drafts.upsert(conn, draft("1")) for _ in range(2)] == [True, False]
        one = bundle("1", "asset_1")
        assert [bundles.upsert(conn, one) for _ in range(2)] == [True, False]

        block_thread = Thread(target=admin.run, args=[block])
        with psycopg.connect(dsn) as writer:
            drafts.upsert(writer, draft("2", body="new"))
            drafts.discard(writer, "3")
            block_thread.start()
            observer = Observer(conn)
            observer.wait_until_blocked("replays", lambda: not block_thread.is_alive())
        block_thread.join()

        assert drafts.fetch(conn, "2") == draft("2", body="new")
        assert drafts.fetch(conn, "3") is None
        assert not drafts.upsert(conn, draft("2", body="new"))
        assert not drafts.upsert(conn, draft("4"))
        assert not bundles.upsert(conn, bundle("2", "asset_2"))


def test_every_block_that_locks_says_for_how_long_it_waits() -> None:
    _, migrate, clean_up = blocks()
    for block in migrate + clean_up:
        if re.search(r"ALTER TABLE|INDEX|DO \$\$", block.text) and block.language == "sql":
            limit = (
                r"BEGIN;\nSET LOCAL lock_timeout = '500ms';|SET lock_timeout = (0|'500ms');"
            )
            assert re.match(limit, block.text)
            assert block.is_locking or not re.search(r"(ALTER|DROP|ADD) COLUMN", block.text)


def see_it_give_up(admin: Admin, host: Host, block: Block) -> None:
    """A long reader makes the block give up, and no writer waits for the reader."""
    found = re.search(r"ALTER TABLE (\w+)", block.text)
    assert found
    with psycopg.connect(host.dsn) as reader:
        reader.execute(SQL("SELECT FROM {} LIMIT 1").format(Identifier(found[1])))
        with pytest.raises(LockNotAvailable):
            admin.run_once(block.text)
        host.wait_for(1)


@pytest.mark.torture
def test_nothing_is_lost_of_what_is_written_meanwhile(dsn: str, database: str) -> None:
    start, migrate, clean_up = blocks()
    # The last one under each heading.
    locking = {block.heading: block for block in migrate + clean_up if block.is_locking}

    def run(block: Block) -> None:
        if block in locking.values():
            see_it_give_up(admin, host, block)
        admin.run(block)
        host.wait_for(1)

    with Admin(database) as admin:
        admin.run(start)
        host = Host(database, size=5_000)
        with host.writing(OTHER):
            with host.writing(*OLD):
                for block in migrate:
                    run(block)
                with host.writing(*NEW):
                    host.wait_for(10)
            host.check_by_old_code()
            with host.writing(*NEW):
                for block in clean_up:
                    run(block)

    host.check()
    assert query(database, CATALOG) == query(dsn, CATALOG)


@pytest.mark.torture
def test_of_a_deadlock_it_is_the_block_that_ends(database: str) -> None:
    start, migrate, _ = blocks()
    (drop_foreign_key,) = (block for block in migrate if "_fkey" in block.text)
    errors: list[Exception] = []

    def run() -> None:
        try:
            admin.run_once(drop_foreign_key.text)
        except Exception as error:
            errors.append(error)

    with (
        Admin(database) as admin,
        psycopg.connect(database) as writer,
        psycopg.connect(database, autocommit=True) as conn,
    ):
        admin.run(start)
        admin.conn.execute("SET application_name = 'admin'")
        writer.execute("UPDATE production_bundles SET draft_id = draft_id")
        thread = Thread(target=run)
        thread.start()
        Observer(conn).wait_until_blocked("admin", lambda: bool(errors))
        writer.execute("UPDATE production_bundle_assets SET url = url")
        thread.join()
        writer.commit()

    assert [type(error) for error in errors] == [LockNotAvailable]


def test_a_prepared_statement_that_returns_a_changed_column_fails(database: str) -> None:
    start, migrate, _ = blocks()
    insert = """
        INSERT INTO production_bundles (bundle_id, draft_id, assembled_at)
        VALUES (%s, '1', now())
    """
    returning = f"{insert} RETURNING id"
    with Admin(database) as admin, psycopg.connect(database, autocommit=True) as conn:
        admin.run(start)
        conn.execute(insert, ["1"], prepare=True)
        conn.execute(returning, ["2"], prepare=True)
        for block in migrate:
            if block.heading == "A small table":
                admin.run(block)

        conn.execute(insert, ["3"], prepare=True)
        with pytest.raises(FeatureNotSupported, match="cached plan must not change result"):
            conn.execute(returning, ["4"], prepare=True)
        assert conn.execute(returning, ["4"], prepare=False).fetchall() == [(4,)]
