-- What a contestant has stored of drafts, but for ids and the time of a change.
SELECT
    draft_id,
    strategy_id,
    content_type,
    body,
    metadata,
    created_at
FROM production_drafts
WHERE starts_with(draft_id, %(contestant)s)
ORDER BY draft_id
