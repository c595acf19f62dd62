-- Columns that are NOT NULL and are not to be, or the other way round. By the check, which
-- goes again, SET NOT NULL knows that there are no NULLs, and need not read the table while
-- it is locked.
WITH difference AS (
    SELECT
        found.attnum AS position,
        found.attrelid::regclass AS owner,
        found.attname AS name,
        found.attname || '_is_not_null' AS check_name,
        expected.attnotnull AS is_wanted,
        doubtful.conname AS doubtful
    FROM pg_attribute AS expected
    INNER JOIN pg_attribute AS found ON expected.attname = found.attname
    -- PostgreSQL 18 has a row for each NOT NULL, and may not have looked at the rows yet.
    LEFT JOIN pg_constraint AS doubtful
        ON
            found.attrelid = doubtful.conrelid
            AND found.attnum = any(doubtful.conkey)
            AND doubtful.contype = 'n'
            AND NOT doubtful.convalidated
    WHERE
        expected.attrelid = %(expected)s::oid
        AND found.attrelid = %(found)s::oid
        AND expected.attnum > 0
        AND expected.attnotnull != (found.attnotnull AND doubtful.oid IS NULL)
)

SELECT
    format(
        CASE
            WHEN is_wanted
                THEN
                    '%%s.%%I is to be NOT NULL: the mend fails where there is a NULL, '
                    'until that is given a value'
            ELSE '%%s.%%I is NOT NULL, and is to take NULL'
        END,
        owner,
        name
    ) AS text,
    CASE
        WHEN NOT is_wanted
            THEN
                ARRAY[
                    format('ALTER TABLE %%s ALTER COLUMN %%I DROP NOT NULL;', owner, name)
                ]
        WHEN doubtful IS NOT NULL
            THEN ARRAY[format('ALTER TABLE %%s VALIDATE CONSTRAINT %%I;', owner, doubtful)]
        ELSE
            ARRAY[
                format(
                    'ALTER TABLE %%s ADD CONSTRAINT %%I CHECK (%%I IS NOT NULL) NOT VALID;',
                    owner,
                    check_name,
                    name
                ),
                format('ALTER TABLE %%s VALIDATE CONSTRAINT %%I;', owner, check_name),
                format('ALTER TABLE %%s ALTER COLUMN %%I SET NOT NULL;', owner, name),
                format('ALTER TABLE %%s DROP CONSTRAINT %%I;', owner, check_name)
            ]
    END AS sql
FROM difference
ORDER BY position
