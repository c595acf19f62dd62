-- Add an asset at the end of a bundle's list. The outcome is 'written', 'missing' if there
-- is no such bundle, 'exists' if the bundle has the asset, 'taken' by the bundle in owner,
-- or 'stale': nothing was done, run it again.
WITH stored AS (
    SELECT bundle_id
    FROM production_bundle_assets
    WHERE asset_id = %(asset_id)s
),

locked AS (
    SELECT
        bundle_id,
        updated_at
    FROM production_bundles
    WHERE
        bundle_id = %(bundle_id)s
        AND NOT EXISTS (SELECT FROM stored)
    -- Every writer of a bundle's list takes this lock first: the new id is the highest of
    -- the list, and the bundle cannot be discarded meanwhile.
    FOR UPDATE
),

written AS (
    INSERT INTO production_bundle_assets (
        asset_id, bundle_id, asset_type, url, metadata, created_at, updated_at
    )
    SELECT
        %(asset_id)s::text AS asset_id,
        locked.bundle_id,
        %(asset_type)s::text AS asset_type,
        %(url)s::text AS url,
        %(metadata)s::json AS metadata,
        statement_timestamp() AS created_at,
        -- As in drafts/upsert.sql; the bundle's is the latest of it and its assets.
        greatest(
            statement_timestamp(), locked.updated_at + interval '1 microsecond'
        ) AS updated_at
    FROM locked
    ON CONFLICT (asset_id) DO NOTHING
    RETURNING
        bundle_id,
        updated_at
),

-- The list is part of the bundle, so the bundle has changed. A join, not a subquery: if
-- another writer was waited for, this row is looked at again, and PostgreSQL cannot
-- evaluate a subquery over an INSERT a second time.
touched AS (
    UPDATE production_bundles AS bundle
    SET updated_at = written.updated_at
    FROM written
    WHERE bundle.bundle_id = written.bundle_id
),

bundle AS (
    SELECT FROM production_bundles
    WHERE bundle_id = %(bundle_id)s
)

SELECT
    CASE
        WHEN EXISTS (SELECT FROM written) THEN 'written'
        WHEN NOT EXISTS (SELECT FROM bundle) THEN 'missing'
        WHEN (SELECT stored.bundle_id FROM stored) = %(bundle_id)s THEN 'exists'
        WHEN EXISTS (SELECT FROM stored) THEN 'taken'
        -- Since the snapshot was taken, the asset has come or the bundle has gone.
        ELSE 'stale'
    END AS outcome,
    %(asset_id)s::text AS asset_id,
    (SELECT stored.bundle_id FROM stored) AS owner
