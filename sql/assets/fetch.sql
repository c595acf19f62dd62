-- One asset by its id.
SELECT
    asset_id,
    asset_type,
    url,
    coalesce(metadata, '{}') AS metadata
FROM production_bundle_assets
WHERE asset_id = %(asset_id)s
