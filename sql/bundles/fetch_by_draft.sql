-- A page of a draft's bundles, the first stored first, each with its assets in order. As
-- in drafts/fetch_by_strategy.sql, a page that goes on after a bundle begins with it.
WITH start AS (
    SELECT
        created_at,
        id
    FROM production_bundles
    WHERE draft_id = %(draft_id)s AND bundle_id = %(after)s
    UNION ALL
    SELECT
        '-infinity' AS created_at,
        0 AS id
    WHERE %(after)s::text IS NULL
)

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
    draft_id = %(draft_id)s
    AND (created_at, id) >= (
        (SELECT start.created_at FROM start), (SELECT start.id FROM start)
    )
ORDER BY created_at ASC, id ASC
LIMIT %(limit)s::bigint + (%(after)s::text IS NOT NULL)::int
