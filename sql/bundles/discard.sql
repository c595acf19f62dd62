-- Delete a bundle with its assets. The outcome is 'written', 'unchanged' if there is no
-- such bundle, or 'stale': nothing was done, run it again.
WITH seen AS (
    SELECT xmin AS version
    FROM production_bundles
    WHERE bundle_id = %(bundle_id)s
),

-- The versions tell whether the bundle is another one meanwhile: see drafts/discard.sql.
locked AS (
    SELECT xmin AS version
    FROM production_bundles
    WHERE bundle_id = %(bundle_id)s
    FOR UPDATE
),

fresh AS (
    SELECT seen.version
    FROM seen
    INNER JOIN locked ON seen.version = locked.version
),

assets AS (
    DELETE FROM production_bundle_assets
    WHERE bundle_id = %(bundle_id)s AND EXISTS (SELECT FROM fresh)
),

written AS (
    DELETE FROM production_bundles
    WHERE bundle_id = %(bundle_id)s AND EXISTS (SELECT FROM fresh)
    RETURNING bundle_id
)

SELECT
    CASE
        WHEN EXISTS (SELECT FROM written) THEN 'written'
        WHEN EXISTS (SELECT FROM seen) THEN 'stale'
        ELSE 'unchanged'
    END AS outcome
