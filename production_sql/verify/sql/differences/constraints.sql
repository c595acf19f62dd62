-- Checks and foreign keys, of which there are to be none, and foreign keys of other tables,
-- which nothing here touches, to this one. One that refers to an id, and not to what the
-- migrations have for references, is for a person: without it nothing tells what is meant.
WITH key AS (
    SELECT
        key.oid,
        key.contype,
        key.conrelid,
        key.confrelid,
        key.conparentid,
        key.conname,
        exists(
            SELECT FROM pg_attribute AS referred
            INNER JOIN pg_class AS found ON referred.attrelid = found.oid
            INNER JOIN pg_class AS expected ON found.relname = expected.relname
            INNER JOIN pg_attribute AS numbered ON expected.oid = numbered.attrelid
            WHERE
                referred.attrelid = key.confrelid
                AND referred.attnum = any(key.confkey)
                AND referred.attname = numbered.attname
                AND numbered.attidentity != ''
                AND expected.relnamespace = pg_my_temp_schema()
        ) AS is_by_number
    FROM pg_constraint AS key
)

SELECT
    format(
        CASE
            WHEN key.contype = 'c'
                THEN '%%s: the check %%I may refuse what a call writes: %%s'
            WHEN key.conrelid = %(found)s::oid AND key.is_by_number
                THEN
                    '%%s: the foreign key %%I refers to rows by a number, and the calls do '
                    'by a key: %%s. Only a person can say what becomes of it'
            WHEN key.conrelid = %(found)s::oid
                THEN
                    '%%s: the foreign key %%I refuses what comes before the row that it '
                    'refers to, as it may: %%s'
            ELSE
                '%%s: the foreign key %%I refuses to let go of what it refers to: %%s. '
                'Only a person can say what becomes of it'
        END,
        key.conrelid::regclass,
        key.conname,
        coalesce(pg_get_constraintdef(key.oid), '')
    ) AS text,
    CASE
        WHEN key.conrelid = %(found)s::oid AND NOT key.is_by_number
            THEN
                ARRAY[
                    format(
                        'ALTER TABLE %%s DROP CONSTRAINT %%I;',
                        key.conrelid::regclass,
                        key.conname
                    )
                ]
        ELSE '{}'
    END AS sql
FROM key
WHERE
    key.contype IN ('c', 'f')
    AND (
        key.conrelid = %(found)s::oid
        OR (key.confrelid = %(found)s::oid AND key.conrelid NOT IN (
            SELECT other.oid
            FROM pg_class AS expected
            INNER JOIN pg_class AS other ON expected.relname = other.relname
            INNER JOIN pg_class AS found ON other.relnamespace = found.relnamespace
            WHERE
                expected.relnamespace = pg_my_temp_schema()
                AND found.oid = %(found)s::oid
        ))
    )
    -- A partition's goes with that of the whole.
    AND key.conparentid = 0
ORDER BY key.conrelid, key.conname
