-- One draft by its id.
SELECT
    draft_id,
    strategy_id,
    content_type,
    body,
    coalesce(metadata, '{}') AS metadata,
    created_at
FROM production_drafts
WHERE draft_id = %(draft_id)s
