-- The same of a batch that comes as an array for each column.
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
    statement_timestamp() AS updated_at
FROM
    unnest(
        %(draft_id)s::text[],
        %(strategy_id)s::text[],
        %(content_type)s::text[],
        %(body)s::text[],
        %(metadata)s::json[],
        %(created_at)s::timestamptz[]
    ) AS given (draft_id, strategy_id, content_type, body, metadata, created_at)
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
