-- Short drafts, a hundred for each strategy, beside those that are there.
INSERT INTO production_drafts (
    draft_id, strategy_id, content_type, body, metadata, created_at, updated_at
)
SELECT
    concat('draft_', number) AS draft_id,
    concat('strategy_', number / 100) AS strategy_id,
    'blog_post' AS content_type,
    'The doors are open.' AS body,
    '{"language":"en"}' AS metadata,
    '2026-03-14T12:00:00Z' AS created_at,
    '2026-03-14T12:00:00Z' AS updated_at
FROM generate_series(0, %(count)s - 1) AS series (number)
