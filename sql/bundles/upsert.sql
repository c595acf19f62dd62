-- Insert a bundle with its assets, or bring the stored one and its list up to date. The
-- outcome is 'written', 'unchanged', 'taken' with the first asset of the list that another
-- bundle has, in owner, or 'stale': nothing was done, run it again.
--
-- One statement is one snapshot. What makes that safe is the row of the bundle: who
-- changes its list makes a new version of that row, and whoever writes here has locked the
-- row and found the very version that the snapshot shows. Otherwise the outcome is stale.
WITH given AS (
    -- metadata is a string: see bundles/create.sql.
    SELECT
        listed.asset ->> 'asset_id' AS asset_id,
        listed.asset ->> 'asset_type' AS asset_type,
        listed.asset ->> 'url' AS url,
        (listed.asset ->> 'metadata')::json AS metadata,
        listed.position
    FROM
        json_array_elements(%(assets)s)
        WITH ORDINALITY AS listed (asset, position)
),

seen AS (
    SELECT
        draft_id,
        assembled_at,
        updated_at,
        xmin AS version
    FROM production_bundles
    WHERE bundle_id = %(bundle_id)s
),

stored AS (
    SELECT
        asset_id,
        asset_type,
        url,
        metadata,
        created_at,
        updated_at,
        row_number() OVER (ORDER BY id) AS position
    FROM production_bundle_assets
    WHERE bundle_id = %(bundle_id)s
),

taken AS (
    SELECT
        asset.asset_id,
        asset.bundle_id
    FROM production_bundle_assets AS asset
    INNER JOIN given ON asset.asset_id = given.asset_id
    WHERE
        -- See bundles/create.sql.
        asset.asset_id = any(array(SELECT listed.asset_id FROM given AS listed))
        AND asset.bundle_id != %(bundle_id)s
    ORDER BY given.position
    LIMIT 1
),

-- The two lists side by side, as far as they differ.
difference AS (
    SELECT
        given.asset_id,
        stored.asset_id AS stored_asset_id,
        given.asset_type,
        given.url,
        given.metadata,
        coalesce(given.position, stored.position) AS position
    FROM given
    FULL JOIN stored ON given.position = stored.position
    WHERE
        given.asset_id IS DISTINCT FROM stored.asset_id
        OR given.asset_type IS DISTINCT FROM stored.asset_type
        OR given.url IS DISTINCT FROM stored.url
        OR given.metadata::text IS DISTINCT FROM coalesce(stored.metadata::text, '{}')
),

-- From the first place that has another asset, the list is written anew.
tail AS (
    SELECT min(position) AS start
    FROM difference
    WHERE asset_id IS DISTINCT FROM stored_asset_id
),

-- A replay ends here: it takes no lock and writes nothing.
equal AS (
    SELECT FROM seen
    WHERE
        draft_id = %(draft_id)s
        AND assembled_at = %(assembled_at)s
        AND NOT EXISTS (SELECT FROM difference)
),

created AS (
    INSERT INTO production_bundles (
        bundle_id, draft_id, assembled_at, created_at, updated_at
    )
    SELECT
        %(bundle_id)s::text AS bundle_id,
        %(draft_id)s::text AS draft_id,
        %(assembled_at)s::timestamptz AS assembled_at,
        statement_timestamp() AS created_at,
        statement_timestamp() AS updated_at
    WHERE
        NOT EXISTS (SELECT FROM seen)
        AND NOT EXISTS (SELECT FROM taken)
    ON CONFLICT (bundle_id) DO NOTHING
    RETURNING
        bundle_id,
        updated_at
),

locked AS (
    SELECT xmin AS version
    FROM production_bundles
    WHERE
        bundle_id = %(bundle_id)s
        AND NOT EXISTS (SELECT FROM taken)
        AND NOT EXISTS (SELECT FROM equal)
    FOR UPDATE
),

updated AS (
    UPDATE production_bundles AS bundle
    SET
        draft_id = %(draft_id)s,
        assembled_at = %(assembled_at)s,
        -- As in drafts/upsert.sql.
        updated_at = greatest(
            statement_timestamp(), seen.updated_at + interval '1 microsecond'
        )
    FROM seen
    INNER JOIN locked ON seen.version = locked.version
    WHERE bundle.bundle_id = %(bundle_id)s
    RETURNING
        bundle.bundle_id,
        bundle.updated_at
),

-- Whatever follows depends on this row.
written AS (
    SELECT
        bundle_id,
        updated_at
    FROM created
    UNION ALL
    SELECT
        bundle_id,
        updated_at
    FROM updated
),

changed AS (
    UPDATE production_bundle_assets AS asset
    SET
        asset_type = difference.asset_type,
        url = difference.url,
        metadata = difference.metadata,
        updated_at = written.updated_at
    FROM written
    CROSS JOIN difference
    CROSS JOIN tail
    WHERE
        asset.asset_id = difference.asset_id
        AND (tail.start IS NULL OR difference.position < tail.start)
),

-- Ids in the order of the list, which is what gives it its order. An asset that stays in
-- the bundle keeps its created_at, and its updated_at if only its place has changed.
numbered AS MATERIALIZED (
    SELECT
        nextval('production_bundle_assets_id_seq') AS id,
        listed.*
    FROM (
        SELECT
            given.asset_id,
            written.bundle_id,
            given.asset_type,
            given.url,
            given.metadata,
            coalesce(stored.created_at, statement_timestamp()) AS created_at,
            CASE
                WHEN
                    given.asset_type = stored.asset_type
                    AND given.url = stored.url
                    AND given.metadata::text = coalesce(stored.metadata::text, '{}')
                    THEN stored.updated_at
                ELSE written.updated_at
            END AS updated_at,
            stored.asset_id IS NULL AS is_new
        FROM written
        CROSS JOIN tail
        INNER JOIN given ON tail.start <= given.position
        LEFT JOIN stored ON given.asset_id = stored.asset_id
        ORDER BY given.position
    ) AS listed
),

added AS (
    INSERT INTO production_bundle_assets (
        id, asset_id, bundle_id, asset_type, url, metadata, created_at, updated_at
    )
    OVERRIDING SYSTEM VALUE
    SELECT
        id,
        asset_id,
        bundle_id,
        asset_type,
        url,
        metadata,
        created_at,
        updated_at
    FROM numbered
    WHERE is_new
    -- In the order of their keys, and with no ON CONFLICT: see bundles/create.sql.
    ORDER BY asset_id
    RETURNING asset_id
),

-- Only now that there is nothing left to wait for, as another bundle that wants one of
-- these waits for them from here on. They go before those that stay come again.
removed AS (
    DELETE FROM production_bundle_assets AS asset
    USING written, stored, tail
    WHERE
        asset.asset_id = stored.asset_id
        AND stored.position >= tail.start
        AND (SELECT count(*) FROM added) >= 0
    RETURNING asset.asset_id
),

moved AS (
    INSERT INTO production_bundle_assets (
        id, asset_id, bundle_id, asset_type, url, metadata, created_at, updated_at
    )
    OVERRIDING SYSTEM VALUE
    SELECT
        numbered.id,
        numbered.asset_id,
        numbered.bundle_id,
        numbered.asset_type,
        numbered.url,
        numbered.metadata,
        numbered.created_at,
        numbered.updated_at
    FROM numbered
    INNER JOIN removed ON numbered.asset_id = removed.asset_id
)

SELECT
    CASE
        WHEN EXISTS (SELECT FROM taken) THEN 'taken'
        WHEN EXISTS (SELECT FROM equal) THEN 'unchanged'
        WHEN EXISTS (SELECT FROM written) THEN 'written'
        ELSE 'stale'
    END AS outcome,
    (SELECT taken.asset_id FROM taken) AS asset_id,
    (SELECT taken.bundle_id FROM taken) AS owner
