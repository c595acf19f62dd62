-- What a contestant has stored of assets, each bundle's in order.
SELECT
    bundle_id,
    asset_id,
    asset_type,
    url,
    metadata
FROM production_bundle_assets
WHERE starts_with(bundle_id, %(contestant)s)
ORDER BY bundle_id, id
