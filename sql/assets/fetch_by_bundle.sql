-- All assets of a bundle, in order.
SELECT
    asset_id,
    asset_type,
    url,
    coalesce(metadata, '{}') AS metadata
FROM production_bundle_assets
WHERE bundle_id = %(bundle_id)s
ORDER BY id ASC
