-- Insert what was copied in, or bring the stored rows up to date where they differ.
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
FROM incoming
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
