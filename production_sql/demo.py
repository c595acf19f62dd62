"""A tour of the package on a sample campaign, step by step, on a real server."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from . import assets, bundles, drafts, schema
from .conninfo import parse
from .dtos import AssetDTO, ContentDraftDTO, DraftBundleDTO
from .errors import AlreadyExistsError, AssetConflictError
from .files import folder
from .runner import Queries

SCHEMA = "production_sql_demo"

query = Queries(folder("examples") / "sql")


@query
def create_schema() -> None:
    """Create the schema of a demo."""


@query
def drop_schema() -> None:
    """Drop the schema of a demo, with all that is in it."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """The content of examples/campaign.toml."""

    drafts: list[ContentDraftDTO]
    bundles: list[DraftBundleDTO]


def run(dsn: str) -> None:
    """Run the tour in a schema of its own, which is dropped at the end, and print it.

    Raises InvalidValueError if dsn is not to be understood, AlreadyExistsError if the
    schema is there, and the driver's errors.
    """
    campaign = msgspec.toml.decode(
        (folder("examples") / "campaign.toml").read_bytes(), type=Campaign
    )
    params = parse(dsn)
    with _own_schema(params) as demo_dsn:
        _tour(demo_dsn, campaign)


@contextmanager
def _own_schema(params: dict[str, Any]) -> Generator[str]:
    with psycopg.connect(**params, autocommit=True) as conn:
        version = conn.info.parameter_status("server_version")
        _step(f"PostgreSQL {version}, database {conn.info.dbname!r}, schema {SCHEMA!r}")
        try:
            create_schema(conn)
        except psycopg.errors.DuplicateSchema as error:
            raise AlreadyExistsError(
                f"schema {SCHEMA!r} exists: another demo is running, or one was cut off "
                f"and left it: DROP SCHEMA {SCHEMA} CASCADE"
            ) from error
        try:
            options = f"{params.get('options', '')} -csearch_path={SCHEMA}"
            yield make_conninfo(**params | {"options": options})
        finally:
            drop_schema(conn)


def _tour(dsn: str, campaign: Campaign) -> None:
    _step("Create the three tables: schema.apply(dsn)")
    _say("applied", schema.apply(dsn, schema=SCHEMA))
    with psycopg.connect(dsn, autocommit=True) as conn:
        _store(conn, campaign)
        _change(conn, campaign)
        _read(conn, campaign)
        _assemble(conn, campaign)
        asyncio.run(_read_async(dsn, campaign))
        _discard(conn, campaign)
    _step("Drop the three tables: schema.rollback(dsn)")
    _say("rolled back", schema.rollback(dsn, schema=SCHEMA))


def _store(conn: psycopg.Connection[Any], campaign: Campaign) -> None:
    for title in (
        "Store the campaign: drafts.upsert(conn, draft), bundles.upsert(conn, bundle)",
        "Store it again, as after a crash: a replay writes nothing",
    ):
        _step(title)
        written = [drafts.upsert(conn, draft) for draft in campaign.drafts]
        _say("drafts", f"{sum(written)} of {len(written)} written")
        written = [bundles.upsert(conn, bundle) for bundle in campaign.bundles]
        _say("bundles", f"{sum(written)} of {len(written)} written")


def _change(conn: psycopg.Connection[Any], campaign: Campaign) -> None:
    _step("Change one draft, and the order of the assets of one bundle")
    draft = campaign.drafts[0]
    changed = replace(draft, body=draft.body + "\n\nSee you there!")
    _say(draft.draft_id, f"written: {drafts.upsert(conn, changed)}")
    bundle = campaign.bundles[0]
    turned = replace(bundle, assets=bundle.assets[::-1])
    _say(bundle.bundle_id, f"written: {bundles.upsert(conn, turned)}")
    fetched = bundles.fetch(conn, bundle.bundle_id)
    _say(
        "its assets now", [asset.asset_id for asset in fetched.assets] if fetched else None
    )


def _read(conn: psycopg.Connection[Any], campaign: Campaign) -> None:
    _step("Fetch drafts: what was stored comes back equal, in any script")
    for draft in campaign.drafts[1:]:
        fetched = drafts.fetch(conn, draft.draft_id)
        title = draft.body.strip().splitlines()[0]
        _say(draft.draft_id, f"{'equal' if fetched == draft else 'DIFFERENT'}   {title}")
    strategy_id = campaign.drafts[0].strategy_id
    _step(f"Page through the drafts of {strategy_id!r}, oldest first, three at a time")
    page = drafts.fetch_by_strategy(conn, strategy_id, limit=3)
    while page:
        _say(f"a page of {len(page)}", ", ".join(draft.draft_id for draft in page))
        after = page[-1].draft_id
        page = drafts.fetch_by_strategy(conn, strategy_id, limit=3, after=after)


def _assemble(conn: psycopg.Connection[Any], campaign: Campaign) -> None:
    _step("Assemble a bundle, in a transaction of the caller's: all of it, or nothing")
    draft = campaign.drafts[-1]
    bundle = DraftBundleDTO(
        bundle_id="bundle_demo",
        draft_id=draft.draft_id,
        assets=[
            AssetDTO(
                asset_id="asset_demo_1", asset_type="image", url="https://example.org/1.jpg"
            )
        ],
        assembled_at=draft.created_at,
    )
    added = AssetDTO(
        asset_id="asset_demo_2", asset_type="audio", url="https://example.org/2.mp3"
    )
    with conn.transaction():
        bundles.create(conn, bundle)
        assets.create(conn, bundle.bundle_id, added)
        try:
            bundles.create(conn, bundle)
        except AlreadyExistsError as error:
            _say("create again", f"AlreadyExistsError: {error}")
        try:
            assets.upsert(conn, bundle.bundle_id, campaign.bundles[0].assets[0])
        except AssetConflictError as error:
            _say("take an asset", f"AssetConflictError: {error}")
    stored = assets.fetch_by_bundle(conn, bundle.bundle_id)
    _say("and committed", [asset.asset_id for asset in stored])


async def _read_async(dsn: str, campaign: Campaign) -> None:
    _step(
        "The same functions on an async connection: await bundles.fetch(aconn, bundle_id)"
    )
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as aconn:
        for bundle in campaign.bundles[1:]:
            fetched = await bundles.fetch(aconn, bundle.bundle_id)
            state = "equal" if fetched == bundle else "DIFFERENT"
            _say(bundle.bundle_id, f"{state}   {len(bundle.assets)} assets")


def _discard(conn: psycopg.Connection[Any], campaign: Campaign) -> None:
    _step("Discard a draft: its bundles and their assets go with it")
    draft_id = campaign.bundles[-1].draft_id
    before = len(bundles.fetch_by_draft(conn, draft_id))
    _say(draft_id, f"{before} bundles, discarded: {drafts.discard(conn, draft_id)}")
    _say("left of it", drafts.fetch(conn, draft_id))
    _say("left of its bundles", bundles.fetch_by_draft(conn, draft_id))


def _step(title: str) -> None:
    print(f"\n{title}")


def _say(what: str, result: object) -> None:
    print(f"    {what:<36} {result}")
