-- Mark where an operation begins within the caller's transaction. A caller's own savepoint
-- of this name is only shadowed until the release.
SAVEPOINT production_sql
