-- Delete a draft with its bundles and their assets. The outcome is 'written', 'unchanged'
-- if there was nothing to delete, or 'stale': nothing was done, run it again.
--
-- FOR UPDATE waits for a writer and then gives the row as that writer left it, or no row,
-- while everything else here still sees what was there when the statement began. An asset
-- added in between would be missed and left without a bundle, and so would a bundle that
-- has come in the place of another. But whoever changes a bundle's assets makes a new
-- version of the bundle's row, so that the versions tell.
WITH locked_draft AS (
    SELECT
        draft_id,
        xmin AS version
    FROM production_drafts
    WHERE draft_id = %(draft_id)s
    FOR UPDATE
),

-- The draft first and the bundles in order, so that two of these never wait for each other
-- (in a transaction that keeps the locks of a stale run they can).
locked_bundles AS (
    SELECT
        bundle_id,
        xmin AS version
    FROM production_bundles
    WHERE
        draft_id = %(draft_id)s
        AND (SELECT count(*) FROM locked_draft) >= 0
    ORDER BY bundle_id
    FOR UPDATE
),

stale AS (
    SELECT seen.draft_id AS key
    FROM production_drafts AS seen
    LEFT JOIN locked_draft ON seen.draft_id = locked_draft.draft_id
    WHERE
        seen.draft_id = %(draft_id)s
        AND locked_draft.version IS DISTINCT FROM seen.xmin
    UNION ALL
    SELECT seen.bundle_id AS key
    FROM production_bundles AS seen
    LEFT JOIN locked_bundles ON seen.bundle_id = locked_bundles.bundle_id
    WHERE
        seen.draft_id = %(draft_id)s
        AND locked_bundles.version IS DISTINCT FROM seen.xmin
),

assets AS (
    DELETE FROM production_bundle_assets
    WHERE
        bundle_id IN (SELECT locked_bundles.bundle_id FROM locked_bundles)
        AND NOT EXISTS (SELECT FROM stale)
),

bundles AS (
    DELETE FROM production_bundles
    WHERE
        bundle_id IN (SELECT locked_bundles.bundle_id FROM locked_bundles)
        AND NOT EXISTS (SELECT FROM stale)
    RETURNING bundle_id
),

drafts AS (
    DELETE FROM production_drafts
    WHERE
        draft_id IN (SELECT locked_draft.draft_id FROM locked_draft)
        AND NOT EXISTS (SELECT FROM stale)
    RETURNING draft_id
)

SELECT
    CASE
        WHEN EXISTS (SELECT FROM stale) THEN 'stale'
        WHEN EXISTS (SELECT FROM drafts) OR EXISTS (SELECT FROM bundles) THEN 'written'
        ELSE 'unchanged'
    END AS outcome
