-- The same of a batch that comes as a JSON array of records.
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
    statement_timestamp() AS updated_at
FROM
    json_to_recordset(%(drafts)s)
        AS given (
            draft_id text,
            strategy_id text,
            content_type text,
            body text,
            metadata json,
            created_at timestamptz
        )
ON CONFLICT (draft_id) DO UPDATE
    SET
        strategy_id = excluded.strategy_id,
        content_type = excluded.content_type,
        body = excluded.body,
        metadata = excluded.metadata,
        updated_at = excluded.updated_at
    WHERE (
        stored.strategy_id IS DISTINCT FROM excluded.strategy_id
        OR stored.content_type IS DISTINCT FROM excluded.content_type
        OR stored.body IS DISTINCT FROM excluded.body
        OR stored.metadata::text IS DISTINCT FROM excluded.metadata::text
    )
