-- Insert a draft. No row is inserted if the draft_id is taken.
INSERT INTO production_drafts (
    draft_id, strategy_id, content_type, body, metadata, created_at, updated_at
)
SELECT
    %(draft_id)s::text AS draft_id,
    %(strategy_id)s::text AS strategy_id,
    %(content_type)s::text AS content_type,
    %(body)s::text AS body,
    %(metadata)s::json AS metadata,
    %(created_at)s::timestamptz AS created_at,
    statement_timestamp() AS updated_at
-- In REPEATABLE READ a draft that was discarded meanwhile is still seen: there is to be no
-- second one beside it.
WHERE
    NOT EXISTS (
        SELECT FROM production_drafts AS seen
        WHERE seen.draft_id = %(draft_id)s
    )
-- DO NOTHING, where a unique violation would abort the caller's transaction.
ON CONFLICT (draft_id) DO NOTHING
