-- Delete a draft with its bundles and their assets. The outcome is 'written', 'unchanged'
-- if there was nothing to delete, or 'stale': nothing was done, run it again.
WITH seen AS (
    SELECT
        bundle_id,
        xmin AS version
    FROM production_bundles
    WHERE draft_id = %(draft_id)s
),

-- FOR UPDATE waits for a writer and then gives the row as that writer left it, while
-- everything else here still sees what was there when the statement began. An asset added
-- in between would be missed and left without a bundle; but whoever changes a bundle's
-- assets makes a new version of the bundle's row, so that the versions tell.
-- In order, so that two of these never wait for each other.
locked AS (
    SELECT
        bundle_id,
        xmin AS version
    FROM production_bundles
    WHERE draft_id = %(draft_id)s
    ORDER BY bundle_id
    FOR UPDATE
),

stale AS (
    SELECT locked.bundle_id
    FROM locked
    INNER JOIN seen ON locked.bundle_id = seen.bundle_id
    WHERE locked.version != seen.version
),

assets AS (
    DELETE FROM production_bundle_assets
    WHERE
        bundle_id IN (SELECT locked.bundle_id FROM locked)
        AND NOT EXISTS (SELECT FROM stale)
),

bundles AS (
    DELETE FROM production_bundles
    WHERE
        bundle_id IN (SELECT locked.bundle_id FROM locked)
        AND NOT EXISTS (SELECT FROM stale)
    RETURNING bundle_id
),

drafts AS (
    DELETE FROM production_drafts
    WHERE draft_id = %(draft_id)s AND NOT EXISTS (SELECT FROM stale)
    RETURNING draft_id
)

SELECT
    CASE
        WHEN EXISTS (SELECT FROM stale) THEN 'stale'
        WHEN EXISTS (SELECT FROM drafts) OR EXISTS (SELECT FROM bundles) THEN 'written'
        ELSE 'unchanged'
    END AS outcome
