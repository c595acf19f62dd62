-- Empty the tables.
TRUNCATE production_drafts, production_bundles, production_bundle_assets
