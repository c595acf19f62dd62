-- One bundle by its id, its assets in order.
SELECT
    bundle_id,
    draft_id,
    (
        SELECT
            coalesce(
                json_agg(
                    json_build_object(
                        'asset_id', asset.asset_id,
                        'asset_type', asset.asset_type,
                        'url', asset.url,
                        'metadata', coalesce(asset.metadata, '{}')
                    )
                    ORDER BY asset.id
                ),
                '[]'
            )
        FROM production_bundle_assets AS asset
        WHERE asset.bundle_id = bundle.bundle_id
    ) AS assets,
    assembled_at
FROM production_bundles AS bundle
WHERE bundle_id = %(bundle_id)s
