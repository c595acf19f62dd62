-- Drafts of a strategy, with pieces of a text as bodies.
INSERT INTO production_drafts (
    draft_id, strategy_id, content_type, body, metadata, created_at, updated_at
)
SELECT
    concat(%(strategy_id)s::text, '_', number) AS draft_id,
    %(strategy_id)s::text AS strategy_id,
    'blog_post' AS content_type,
    substr(%(text)s, 1 + mod(number * 97, 10000), 200) AS body,
    '{"language":"en"}' AS metadata,
    '2026-03-14T12:00:00Z' AS created_at,
    '2026-03-14T12:00:00Z' AS updated_at
FROM generate_series(1, %(count)s) AS series (number)
