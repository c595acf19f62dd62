-- Drafts, bundles and the assets of a bundle used to live in memory and were lost at
-- every restart. These three tables keep them. They stand beside the older publishing
-- workflow's table of assets, which has other columns and another writer, and share
-- nothing with it.
--
-- No foreign keys: references between modules are logical keys, plain strings, and a
-- bundle may be stored before its draft. docs/decisions/ gives the reasons for this, for
-- json, for bigint and for the unique keys.
--
-- yoyo runs the file in one transaction: all of it is there, or nothing.

-- CREATE TABLE waits for nobody who only reads or writes rows, but a name or a catalog row
-- held by another session's open DDL would make it wait without end, and others behind it.
SET LOCAL lock_timeout = '5s';

SET LOCAL statement_timeout = '60s';

CREATE TABLE production_drafts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    draft_id text NOT NULL,
    strategy_id text NOT NULL,
    content_type text NOT NULL,
    body text NOT NULL,
    metadata json NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT uq_production_drafts_draft_id UNIQUE (draft_id)
);

-- A page of a strategy's drafts, oldest first, is one range of this index.
CREATE INDEX ix_production_drafts_strategy_id
ON production_drafts (strategy_id, created_at, id);

CREATE TABLE production_bundles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bundle_id text NOT NULL,
    draft_id text NOT NULL,
    assembled_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT uq_production_bundles_bundle_id UNIQUE (bundle_id)
);

-- As for the drafts of a strategy.
CREATE INDEX ix_production_bundles_draft_id
ON production_bundles (draft_id, created_at, id);

-- The order of a bundle's assets is the order of their ids.
CREATE TABLE production_bundle_assets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id text NOT NULL,
    bundle_id text NOT NULL,
    asset_type text NOT NULL,
    url text NOT NULL,
    metadata json NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT uq_production_bundle_assets_asset_id UNIQUE (asset_id)
);

CREATE INDEX ix_production_bundle_assets_bundle_id
ON production_bundle_assets (bundle_id, id);
