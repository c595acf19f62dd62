-- Insert a draft, or bring the stored one up to date; its created_at stays that of the
-- first write. The outcome is 'written', 'unchanged', or 'stale': nothing was done, run it
-- again.
-- allow keep of created_at: it is that of the first write.
WITH given AS (
    SELECT
        %(draft_id)s::text AS draft_id,
        %(strategy_id)s::text AS strategy_id,
        %(content_type)s::text AS content_type,
        %(body)s::text AS body,
        %(metadata)s::json AS metadata,
        %(created_at)s::timestamptz AS created_at
),

-- A replay ends here, as a read: DO UPDATE would lock the row, write that lock to the WAL
-- and use up a value of the sequence even when its WHERE lets nothing through.
-- json has no equality, so its text is compared; a NULL reads as the DTO's default.
equal AS (
    SELECT seen.draft_id
    FROM production_drafts AS seen
    INNER JOIN given ON seen.draft_id = given.draft_id
    WHERE
        seen.strategy_id = given.strategy_id
        AND seen.content_type = given.content_type
        AND seen.body = given.body
        AND coalesce(seen.metadata::text, '{}') = given.metadata::text
),

-- In REPEATABLE READ a draft that was discarded meanwhile is still seen, and to insert it
-- again would show two of it there. To lock it is a serialization failure then.
locked AS (
    SELECT updated_at
    FROM production_drafts
    WHERE
        draft_id = %(draft_id)s
        AND NOT EXISTS (SELECT FROM equal)
    FOR NO KEY UPDATE
),

written AS (
    INSERT INTO production_drafts AS stored (
        draft_id, strategy_id, content_type, body, metadata, created_at, updated_at
    )
    SELECT
        draft_id,
        strategy_id,
        content_type,
        body,
        metadata,
        created_at,
        -- Not now(): that stands still within a transaction, and updated_at has to move
        -- with every change. After the stored one, too: another writer who was waited for
        -- may have stored it since this statement began.
        greatest(
            statement_timestamp(),
            (SELECT locked.updated_at + interval '1 microsecond' FROM locked)
        ) AS updated_at
    FROM given
    WHERE NOT EXISTS (SELECT FROM equal)
    ON CONFLICT (draft_id) DO UPDATE
        SET
            strategy_id = excluded.strategy_id,
            content_type = excluded.content_type,
            body = excluded.body,
            metadata = excluded.metadata,
            updated_at = excluded.updated_at
        -- Again, on the row as it is once it is locked: another session may have stored
        -- the same draft since this statement's snapshot was taken, or another one at a
        -- later time.
        WHERE (
            stored.updated_at < excluded.updated_at
            AND (
                stored.strategy_id != excluded.strategy_id
                OR stored.content_type != excluded.content_type
                OR stored.body != excluded.body
                OR coalesce(stored.metadata::text, '{}') != excluded.metadata::text
            )
        )
    RETURNING draft_id
)

SELECT
    CASE
        WHEN EXISTS (SELECT FROM written) THEN 'written'
        WHEN EXISTS (SELECT FROM equal) THEN 'unchanged'
        ELSE 'stale'
    END AS outcome
