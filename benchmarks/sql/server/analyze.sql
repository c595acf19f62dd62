-- Have the planner know the tables as they are.
VACUUM (ANALYZE) production_drafts, production_bundles, production_bundle_assets
