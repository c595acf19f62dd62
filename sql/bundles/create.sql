-- Insert a bundle with its assets. The outcome is 'written', 'exists' if the bundle_id is
-- taken, or 'taken' with the first asset of the list that another bundle has, in owner.
WITH given AS (
    -- metadata is a string with its own JSON in it: PostgreSQL cannot take apart a document
    -- that has \u0000 anywhere within, and a json column can hold one.
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
    SELECT FROM production_bundles
    WHERE bundle_id = %(bundle_id)s
),

taken AS (
    SELECT
        asset.asset_id,
        asset.bundle_id
    FROM production_bundle_assets AS asset
    INNER JOIN given ON asset.asset_id = given.asset_id
    WHERE
        -- Which the join says too; but this way the planner takes the index at any size.
        asset.asset_id = any(array(SELECT listed.asset_id FROM given AS listed))
        AND asset.bundle_id != %(bundle_id)s
    ORDER BY given.position
    LIMIT 1
),

written AS (
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
        -- See drafts/create.sql.
        NOT EXISTS (SELECT FROM seen)
        AND NOT EXISTS (SELECT FROM taken)
    ON CONFLICT (bundle_id) DO NOTHING
    RETURNING bundle_id
),

-- Ids in the order of the list, which is what gives it its order.
numbered AS MATERIALIZED (
    SELECT
        nextval('production_bundle_assets_id_seq') AS id,
        listed.*
    FROM (
        SELECT
            written.bundle_id,
            given.*
        FROM written
        CROSS JOIN given
        ORDER BY given.position
    ) AS listed
),

assets AS (
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
        statement_timestamp() AS created_at,
        statement_timestamp() AS updated_at
    FROM numbered
    -- Rows in the order of their keys: two bundles that compete for the same new assets
    -- wait for one another in one direction only, and never deadlock. No ON CONFLICT: to
    -- lose that race is a unique violation, which undoes the whole statement.
    ORDER BY asset_id
)

SELECT
    CASE
        WHEN EXISTS (SELECT FROM written) THEN 'written'
        WHEN EXISTS (SELECT FROM seen) THEN 'exists'
        WHEN EXISTS (SELECT FROM taken) THEN 'taken'
        -- Another session has stored the bundle since the snapshot was taken.
        ELSE 'exists'
    END AS outcome,
    (SELECT taken.asset_id FROM taken) AS asset_id,
    (SELECT taken.bundle_id FROM taken) AS owner
