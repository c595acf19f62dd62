-- What else is there by the name of a table.
SELECT
    format(
        '%%s is a %%s, and is to be a table: only a person can say what becomes of it',
        found.oid::regclass,
        CASE found.relkind
            WHEN 'v' THEN 'view'
            WHEN 'm' THEN 'materialized view'
            WHEN 'f' THEN 'foreign table'
            WHEN 'p' THEN 'partitioned table'
            WHEN 'S' THEN 'sequence'
            WHEN 'c' THEN 'composite type'
            ELSE 'name of an index'
        END
    ) AS text,
    '{}'::text[] AS sql
FROM pg_class AS expected
INNER JOIN pg_class AS found ON expected.relname = found.relname
INNER JOIN pg_namespace AS namespace ON found.relnamespace = namespace.oid
WHERE
    expected.relnamespace = pg_my_temp_schema()
    AND expected.relkind = 'r'
    AND namespace.nspname = %(schema)s
    AND found.relkind != 'r'
ORDER BY expected.oid
