-- Add an asset at the end of a bundle's list, or bring the stored one up to date where it
-- stands. The outcome is 'written', 'unchanged', 'missing' if there is no such bundle,
-- 'taken' by the bundle in owner, or 'stale': nothing was done, run it again.
-- allow keep of bundle_id: the update is let through for an asset of this bundle only.
-- allow keep of created_at: it is that of the first write.
WITH given AS (
    SELECT
        %(asset_id)s::text AS asset_id,
        %(bundle_id)s::text AS bundle_id,
        %(asset_type)s::text AS asset_type,
        %(url)s::text AS url,
        %(metadata)s::json AS metadata
),

stored AS (
    SELECT
        asset.bundle_id,
        (
            asset.asset_type = given.asset_type
            AND asset.url = given.url
            AND coalesce(asset.metadata::text, '{}') = given.metadata::text
        ) AS is_equal
    FROM production_bundle_assets AS asset
    INNER JOIN given ON asset.asset_id = given.asset_id
),

locked AS (
    SELECT
        bundle_id,
        updated_at
    FROM production_bundles
    WHERE
        bundle_id = %(bundle_id)s
        -- A replay takes no lock and writes nothing, and nor does a conflict.
        AND NOT EXISTS (
            SELECT FROM stored
            WHERE stored.is_equal OR stored.bundle_id != %(bundle_id)s
        )
    -- As in assets/create.sql.
    FOR UPDATE
),

written AS (
    INSERT INTO production_bundle_assets AS asset (
        asset_id, bundle_id, asset_type, url, metadata, created_at, updated_at
    )
    SELECT
        given.asset_id,
        given.bundle_id,
        given.asset_type,
        given.url,
        given.metadata,
        statement_timestamp() AS created_at,
        greatest(
            statement_timestamp(), locked.updated_at + interval '1 microsecond'
        ) AS updated_at
    FROM given
    INNER JOIN locked ON given.bundle_id = locked.bundle_id
    ON CONFLICT (asset_id) DO UPDATE
        SET
            asset_type = excluded.asset_type,
            url = excluded.url,
            metadata = excluded.metadata,
            updated_at = excluded.updated_at
        WHERE (
            asset.bundle_id = excluded.bundle_id
            AND (
                asset.asset_type != excluded.asset_type
                OR asset.url != excluded.url
                OR coalesce(asset.metadata::text, '{}') != excluded.metadata::text
            )
        )
    RETURNING
        bundle_id,
        updated_at
),

-- As in assets/create.sql.
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
        WHEN (SELECT stored.bundle_id FROM stored) != %(bundle_id)s THEN 'taken'
        WHEN (SELECT stored.is_equal FROM stored) THEN 'unchanged'
        -- Since the snapshot was taken, the asset has come or the bundle has gone.
        ELSE 'stale'
    END AS outcome,
    %(asset_id)s::text AS asset_id,
    (SELECT stored.bundle_id FROM stored) AS owner
