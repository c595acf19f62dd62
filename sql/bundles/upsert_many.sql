-- Insert bundles with their assets, or bring the stored ones and their lists up to date,
-- as bundles/upsert.sql does with one. No bundle_id is there twice, nor is an asset.
--
-- What is written are the bundles before the first that lists an asset of another. The
-- places of all such are in taken, counted from 0, and in asset_id and owner what the
-- first of them lists. Of those that are stale nothing was done: run it again.
WITH listed AS MATERIALIZED (
    SELECT
        record.bundle_id,
        record.draft_id,
        record.assets::json AS assets,
        record.assembled_at,
        -- As they are read, which takes no order.
        row_number() OVER () - 1 AS place
    FROM json_to_recordset(%(bundles)s) AS record (
        bundle_id text,
        draft_id text,
        assets text,
        assembled_at timestamptz
    )
),

given AS MATERIALIZED (
    SELECT
        listed.bundle_id,
        listed.place,
        asset.asset_id,
        asset.asset_type,
        asset.url,
        asset.metadata,
        element.position
    FROM listed
    CROSS JOIN
        json_array_elements(listed.assets)
        WITH ORDINALITY AS element (asset, position)
    CROSS JOIN json_to_record(element.asset) AS asset (
        asset_id text,
        asset_type text,
        url text,
        metadata text
    )
),

stored AS MATERIALIZED (
    SELECT
        asset.bundle_id,
        asset.asset_id,
        asset.asset_type,
        asset.url,
        coalesce(asset.metadata::text, '{}') AS metadata,
        asset.created_at,
        asset.updated_at,
        row_number() OVER (PARTITION BY asset.bundle_id ORDER BY asset.id) AS position
    FROM production_bundle_assets AS asset
    INNER JOIN listed ON asset.bundle_id = listed.bundle_id
),

taken AS (
    SELECT
        given.place,
        given.position,
        given.asset_id,
        asset.bundle_id AS owner
    FROM production_bundle_assets AS asset
    INNER JOIN given ON asset.asset_id = given.asset_id
    WHERE
        -- See bundles/create.sql.
        asset.asset_id = any(array(SELECT listed.asset_id FROM given AS listed))
        AND asset.bundle_id != given.bundle_id
),

-- The lists side by side, as far as they differ.
difference AS MATERIALIZED (
    SELECT
        coalesce(given.bundle_id, stored.bundle_id) AS bundle_id,
        given.asset_id,
        stored.asset_id AS stored_asset_id,
        given.asset_type,
        given.url,
        given.metadata,
        coalesce(given.position, stored.position) AS position
    FROM given
    FULL JOIN stored
        ON given.bundle_id = stored.bundle_id AND given.position = stored.position
    WHERE
        given.asset_id IS DISTINCT FROM stored.asset_id
        OR given.asset_type IS DISTINCT FROM stored.asset_type
        OR given.url IS DISTINCT FROM stored.url
        OR given.metadata IS DISTINCT FROM stored.metadata
),

-- A list that differs. From the first place that has another asset, it is written anew.
list AS (
    SELECT
        bundle_id,
        min(position) FILTER (
            WHERE asset_id IS DISTINCT FROM stored_asset_id
        ) AS start
    FROM difference
    GROUP BY bundle_id
),

-- A replay ends here: it takes no lock and writes nothing.
due AS MATERIALIZED (
    SELECT
        listed.bundle_id,
        listed.draft_id,
        listed.assembled_at,
        listed.place,
        list.start,
        seen.updated_at,
        seen.xmin AS version
    FROM listed
    LEFT JOIN production_bundles AS seen ON listed.bundle_id = seen.bundle_id
    LEFT JOIN list ON listed.bundle_id = list.bundle_id
    WHERE
        (
            seen.draft_id IS DISTINCT FROM listed.draft_id
            OR seen.assembled_at IS DISTINCT FROM listed.assembled_at
            OR list.bundle_id IS NOT NULL
        )
        AND coalesce(listed.place < (SELECT min(taken.place) FROM taken), TRUE)
),

locked AS (
    SELECT
        bundle.bundle_id,
        bundle.xmin AS version
    FROM production_bundles AS bundle
    INNER JOIN due ON bundle.bundle_id = due.bundle_id
    -- In the order of their keys, so that two of these never wait for each other.
    ORDER BY bundle.bundle_id
    FOR UPDATE OF bundle
),

-- With one of these nothing is written at all, so that the order of new ones is kept. The
-- next time all that are there are locked.
stale AS (
    SELECT FROM due
    LEFT JOIN locked ON due.bundle_id = locked.bundle_id
    WHERE due.version IS NOT NULL AND due.version IS DISTINCT FROM locked.version
),

created AS (
    INSERT INTO production_bundles (
        bundle_id, draft_id, assembled_at, created_at, updated_at
    )
    SELECT
        bundle_id,
        draft_id,
        assembled_at,
        statement_timestamp() AS created_at,
        statement_timestamp() AS updated_at
    FROM due
    WHERE
        version IS NULL
        AND NOT EXISTS (SELECT FROM stale)
    -- As they are given, which bundles/stream.sql gives back.
    ORDER BY place
    ON CONFLICT (bundle_id) DO NOTHING
    RETURNING
        bundle_id,
        updated_at
),

updated AS (
    UPDATE production_bundles AS bundle
    SET
        draft_id = due.draft_id,
        assembled_at = due.assembled_at,
        -- As in drafts/upsert.sql.
        updated_at = greatest(
            statement_timestamp(), due.updated_at + interval '1 microsecond'
        )
    FROM due
    WHERE
        bundle.bundle_id = due.bundle_id
        AND due.version IS NOT NULL
        AND NOT EXISTS (SELECT FROM stale)
    RETURNING
        bundle.bundle_id,
        bundle.updated_at
),

-- Whatever follows depends on these rows.
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
        metadata = difference.metadata::json,
        updated_at = written.updated_at
    FROM written
    INNER JOIN list ON written.bundle_id = list.bundle_id
    INNER JOIN difference ON written.bundle_id = difference.bundle_id
    WHERE
        asset.asset_id = difference.asset_id
        AND (list.start IS NULL OR difference.position < list.start)
),

-- Ids in the order of the lists, as in bundles/upsert.sql.
numbered AS MATERIALIZED (
    SELECT
        nextval('production_bundle_assets_id_seq') AS id,
        tail.*
    FROM (
        SELECT
            given.asset_id,
            written.bundle_id,
            given.asset_type,
            given.url,
            given.metadata::json AS metadata,
            coalesce(stored.created_at, statement_timestamp()) AS created_at,
            CASE
                WHEN
                    given.asset_type = stored.asset_type
                    AND given.url = stored.url
                    AND given.metadata = stored.metadata
                    THEN stored.updated_at
                ELSE written.updated_at
            END AS updated_at,
            stored.asset_id IS NULL AS is_new
        FROM written
        INNER JOIN list ON written.bundle_id = list.bundle_id
        INNER JOIN given
            ON written.bundle_id = given.bundle_id AND list.start <= given.position
        LEFT JOIN stored ON given.asset_id = stored.asset_id
        ORDER BY given.place, given.position
    ) AS tail
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

-- Only now that there is nothing left to wait for: see bundles/upsert.sql.
removed AS (
    DELETE FROM production_bundle_assets AS asset
    USING written, list, stored
    WHERE
        asset.asset_id = stored.asset_id
        AND written.bundle_id = stored.bundle_id
        AND list.bundle_id = stored.bundle_id
        AND stored.position >= list.start
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
),

first_taken AS (
    SELECT
        asset_id,
        owner
    FROM taken
    ORDER BY place, position
    LIMIT 1
)

SELECT
    (SELECT count(*) FROM written) AS written,
    (SELECT count(*) FROM due) - (SELECT count(*) FROM written) AS stale,
    (
        SELECT coalesce(json_agg(DISTINCT taken.place), '[]') FROM taken
    ) AS taken,
    (SELECT first_taken.asset_id FROM first_taken) AS asset_id,
    (SELECT first_taken.owner FROM first_taken) AS owner
