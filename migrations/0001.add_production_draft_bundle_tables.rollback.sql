-- Drops the three tables and all that is in them, assets first, drafts last.
--
-- No IF EXISTS: a table that is missing means that somebody else has changed the schema,
-- and that is to be looked at, not skipped. No CASCADE: what a host has built on these
-- tables (a view, say) makes the rollback fail instead of being dropped with them.

-- DROP TABLE waits for every transaction that has touched the table, and all who come
-- later wait behind it. Better to give up and be tried again.
SET LOCAL lock_timeout = '5s';

SET LOCAL statement_timeout = '60s';

DROP TABLE production_bundle_assets;

DROP TABLE production_bundles;

DROP TABLE production_drafts;
