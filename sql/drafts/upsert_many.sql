-- Insert drafts, or bring the stored ones up to date, as drafts/upsert.sql does with one.
-- No draft_id is there twice. Of those that are stale nothing was done: run it again.
-- allow keep of created_at: it is that of the first write.
WITH listed AS (
    SELECT
        record.draft_id,
        record.strategy_id,
        record.content_type,
        record.body,
        record.metadata,
        record.created_at,
        -- As they are read, which takes no order.
        row_number() OVER () AS position
    FROM json_to_recordset(%(drafts)s) AS record (
        draft_id text,
        strategy_id text,
        content_type text,
        body text,
        metadata text,
        created_at timestamptz
    )
),

-- What is stored and equal is left out: no row of it is locked.
given AS MATERIALIZED (
    SELECT
        listed.draft_id,
        listed.strategy_id,
        listed.content_type,
        listed.body,
        listed.metadata::json AS metadata,
        listed.created_at,
        listed.position,
        seen.draft_id IS NOT NULL AS is_stored
    FROM listed
    LEFT JOIN production_drafts AS seen ON listed.draft_id = seen.draft_id
    WHERE
        seen.draft_id IS NULL
        OR seen.strategy_id != listed.strategy_id
        OR seen.content_type != listed.content_type
        OR seen.body != listed.body
        OR coalesce(seen.metadata::text, '{}') != listed.metadata
),

locked AS (
    SELECT
        seen.draft_id,
        seen.updated_at
    FROM production_drafts AS seen
    INNER JOIN given ON seen.draft_id = given.draft_id
    WHERE given.is_stored
    -- In the order of their keys, so that two of these never wait for each other.
    ORDER BY seen.draft_id
    FOR NO KEY UPDATE OF seen
),

written AS (
    INSERT INTO production_drafts AS stored (
        draft_id, strategy_id, content_type, body, metadata, created_at, updated_at
    )
    SELECT
        given.draft_id,
        given.strategy_id,
        given.content_type,
        given.body,
        given.metadata,
        given.created_at,
        greatest(
            statement_timestamp(), locked.updated_at + interval '1 microsecond'
        ) AS updated_at
    FROM given
    LEFT JOIN locked ON given.draft_id = locked.draft_id
    -- As they are given, which drafts/stream.sql gives back.
    ORDER BY given.position
    ON CONFLICT (draft_id) DO UPDATE
        SET
            strategy_id = excluded.strategy_id,
            content_type = excluded.content_type,
            body = excluded.body,
            metadata = excluded.metadata,
            updated_at = excluded.updated_at
        WHERE (
            stored.updated_at < excluded.updated_at
            AND (
                stored.strategy_id IS DISTINCT FROM excluded.strategy_id
                OR stored.content_type IS DISTINCT FROM excluded.content_type
                OR stored.body IS DISTINCT FROM excluded.body
                OR coalesce(stored.metadata::text, '{}')
                IS DISTINCT FROM excluded.metadata::text
            )
        )
    RETURNING draft_id
)

SELECT
    (SELECT count(*) FROM written) AS written,
    (SELECT count(*) FROM given) - (SELECT count(*) FROM written) AS stale
