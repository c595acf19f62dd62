-- All drafts, or those of a strategy, the first stored first.
-- allow scan of production_drafts: where no strategy is given, all of it is wanted; where
-- one is, the plan of a cursor is made for the values, so that an index serves it.
SELECT
    draft_id,
    strategy_id,
    content_type,
    body,
    coalesce(metadata, '{}') AS metadata,
    created_at
FROM production_drafts
WHERE
    %(strategy_id)s::text IS NULL
    OR strategy_id = %(strategy_id)s
ORDER BY id
