-- Insert a draft, or bring the stored one up to date. No row is written if the stored
-- draft is equal; its created_at stays that of the first write in any case.
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
    -- Not now(): that stands still within a transaction, and updated_at has to move with
    -- every change.
    statement_timestamp() AS updated_at
FROM (
    VALUES (
        %(draft_id)s::text,
        %(strategy_id)s::text,
        %(content_type)s::text,
        %(body)s::text,
        %(metadata)s::json,
        %(created_at)s::timestamptz
    )
) AS given (draft_id, strategy_id, content_type, body, metadata, created_at)
-- A replay ends here, as a read: DO UPDATE would lock the row, write that lock to the WAL
-- and use up a value of the sequence even when its WHERE lets nothing through.
-- json has no equality, so its text is compared; a NULL reads as the DTO's default.
WHERE
    NOT EXISTS (
        SELECT FROM production_drafts AS seen
        WHERE
            seen.draft_id = given.draft_id
            AND seen.strategy_id = given.strategy_id
            AND seen.content_type = given.content_type
            AND seen.body = given.body
            AND coalesce(seen.metadata::text, '{}') = given.metadata::text
    )
ON CONFLICT (draft_id) DO UPDATE SET
    strategy_id = excluded.strategy_id,
    content_type = excluded.content_type,
    body = excluded.body,
    metadata = excluded.metadata,
    updated_at = excluded.updated_at
-- Again, on the row as it is once it is locked: a concurrent writer may have stored the
-- same draft since this statement's snapshot was taken.
WHERE (
    stored.strategy_id != excluded.strategy_id
    OR stored.content_type != excluded.content_type
    OR stored.body != excluded.body
    OR coalesce(stored.metadata::text, '{}') != excluded.metadata::text
)
