-- The schema in which the migrations create their tables, and whether they may: the one
-- asked for, or else the first of the search_path that exists. On a standby, and where
-- transactions are read-only by default, nothing can be created.
SELECT
    nspname AS name,
    -- NULL for a schema that has just been dropped.
    coalesce(has_schema_privilege(oid, 'CREATE'), FALSE) AS can_create,
    current_setting('transaction_read_only')::bool AS is_read_only
FROM pg_namespace
WHERE nspname = coalesce(%(schema)s, current_schema())
