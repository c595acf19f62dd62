-- Indexes that serve nobody: one is being built, or its build has failed.
SELECT
    format(
        '%%s: the index %%s is not valid. Unless a session is building it at this moment, '
        'that has failed',
        indrelid::regclass,
        indexrelid::regclass
    ) AS text,
    ARRAY[format('DROP INDEX CONCURRENTLY %%s;', indexrelid::regclass)] AS sql
FROM pg_index
WHERE indrelid = %(found)s::oid AND NOT indisvalid
ORDER BY indexrelid
