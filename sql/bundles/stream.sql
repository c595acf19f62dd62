-- All bundles, or those of a draft, the first stored first, each with its assets in order.
-- allow scan of production_bundles: as in drafts/stream.sql.
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
WHERE
    %(draft_id)s::text IS NULL
    OR draft_id = %(draft_id)s
ORDER BY id
