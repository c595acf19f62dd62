-- The legacy table is not of the migrations.
SELECT url
FROM production_assets
WHERE asset_id = %(asset_id)s
