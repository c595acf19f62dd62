-- The tables that the migrations have made, here as temporary ones, each with the table of
-- its name in the schema.
SELECT
    expected.oid::bigint AS expected,
    found.oid::bigint AS found
FROM pg_class AS expected
INNER JOIN pg_class AS found ON expected.relname = found.relname
INNER JOIN pg_namespace AS namespace ON found.relnamespace = namespace.oid
WHERE
    expected.relnamespace = pg_my_temp_schema()
    AND expected.relkind = 'r'
    AND found.relkind = 'r'
    AND namespace.nspname = %(schema)s
ORDER BY expected.oid
