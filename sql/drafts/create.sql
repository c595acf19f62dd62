-- Insert a draft. No row is inserted if the draft_id is taken.
INSERT INTO production_drafts (
    draft_id, strategy_id, content_type, body, metadata, created_at, updated_at
)
VALUES (
    %(draft_id)s,
    %(strategy_id)s,
    %(content_type)s,
    %(body)s,
    %(metadata)s,
    %(created_at)s,
    statement_timestamp()
)
-- DO NOTHING, where a unique violation would abort the caller's transaction.
ON CONFLICT (draft_id) DO NOTHING
