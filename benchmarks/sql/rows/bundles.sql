-- What a contestant has stored of bundles.
SELECT
    bundle_id,
    draft_id,
    assembled_at
FROM production_bundles
WHERE starts_with(bundle_id, %(contestant)s)
ORDER BY bundle_id
