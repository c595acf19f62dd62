-- Checks and foreign keys, of which there are to be none, and foreign keys of other tables,
-- which nothing here touches, to this one.
SELECT
    format(
        CASE
            WHEN key.contype = 'c'
                THEN '%%s: the check %%I may refuse what a call writes: %%s'
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
        WHEN key.conrelid = %(found)s::oid
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
FROM pg_constraint AS key
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
