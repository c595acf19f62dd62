-- The schema in which the migrations create their tables, and whether they may: the one
-- asked for, or else the first of the search_path that exists.
SELECT
    nspname AS name,
    has_schema_privilege(oid, 'CREATE') AS can_create
FROM pg_namespace
WHERE nspname = coalesce(%(schema)s, current_schema())
