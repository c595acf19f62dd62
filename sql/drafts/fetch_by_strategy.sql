-- A page of a strategy's drafts, oldest first. With a draft to go on after, the page
-- begins with that draft itself: if it is missing, so is the page, and the caller can
-- tell an unknown key from the end of the list.
WITH start AS (
    SELECT
        created_at,
        id
    FROM production_drafts
    WHERE strategy_id = %(strategy_id)s AND draft_id = %(after)s
    UNION ALL
    SELECT
        '-infinity' AS created_at,
        0 AS id
    WHERE %(after)s::text IS NULL
)

SELECT
    draft_id,
    strategy_id,
    content_type,
    body,
    coalesce(metadata, '{}') AS metadata,
    created_at
FROM production_drafts
WHERE
    strategy_id = %(strategy_id)s
    -- Scalar subqueries, where with a join this would not bound the index range but
    -- filter it, from the strategy's first draft on for every page.
    AND (created_at, id) >= (
        (SELECT start.created_at FROM start), (SELECT start.id FROM start)
    )
ORDER BY created_at ASC, id ASC
LIMIT %(limit)s::bigint + (%(after)s::text IS NOT NULL)::int
