-- Ten assets in each bundle.
INSERT INTO production_bundle_assets (
    asset_id, bundle_id, asset_type, url, metadata, created_at, updated_at
)
SELECT
    concat('asset_', number) AS asset_id,
    concat('bundle_', number / 10) AS bundle_id,
    'image' AS asset_type,
    concat('https://assets.example.org/', number, '.jpg') AS url,
    '{"alt":"A door"}' AS metadata,
    '2026-03-14T12:00:00Z' AS created_at,
    '2026-03-14T12:00:00Z' AS updated_at
FROM generate_series(0, %(count)s - 1) AS series (number)
