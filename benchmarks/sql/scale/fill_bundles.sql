-- A bundle for every ten assets.
INSERT INTO production_bundles (
    bundle_id, draft_id, assembled_at, created_at, updated_at
)
SELECT
    concat('bundle_', number) AS bundle_id,
    concat('draft_', number) AS draft_id,
    '2026-03-14T12:00:00Z' AS assembled_at,
    '2026-03-14T12:00:00Z' AS created_at,
    '2026-03-14T12:00:00Z' AS updated_at
FROM generate_series(0, %(count)s / 10 - 1) AS series (number)
