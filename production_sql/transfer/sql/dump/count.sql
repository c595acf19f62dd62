-- How many records a dump has, for its progress bar.
-- allow scan of production_drafts: all of them are wanted, as by the dump itself.
-- allow scan of production_bundles: likewise.
SELECT
    (SELECT count(*) FROM production_drafts)
    + (SELECT count(*) FROM production_bundles) AS records
