-- Columns that are NOT NULL and are not to be, or the other way round. The check that goes
-- again is what lets SET NOT NULL believe that there are no NULLs, without reading the table
-- while it is locked.
SELECT
    format(
        '%%s.%%I %%s',
        found.attrelid::regclass,
        found.attname,
        CASE
            WHEN NOT expected.attnotnull THEN 'is NOT NULL, and is to take NULL'
            ELSE
                'is to be NOT NULL: the mend fails where there is a NULL, until that is '
                'given a value'
        END
    ) AS text,
    CASE
        WHEN NOT expected.attnotnull
            THEN array[format('%%s ALTER COLUMN %%I DROP NOT NULL;', alter.table, found.attname)]
        WHEN doubtful.conname IS NOT NULL
            THEN array[format('%%s VALIDATE CONSTRAINT %%I;', alter.table, doubtful.conname)]
        ELSE
            array[
                format(
                    '%%s ADD CONSTRAINT %%I CHECK (%%I IS NOT NULL) NOT VALID;',
                    alter.table,
                    alter.check,
                    found.attname
                ),
                format('%%s VALIDATE CONSTRAINT %%I;', alter.table, alter.check),
                format('%%s ALTER COLUMN %%I SET NOT NULL;', alter.table, found.attname),
                format('%%s DROP CONSTRAINT %%I;', alter.table, alter.check)
            ]
    END AS sql
FROM pg_attribute AS expected
INNER JOIN pg_attribute AS found ON expected.attname = found.attname
-- PostgreSQL 18 has a row for each NOT NULL, and may not have looked at the rows yet.
LEFT JOIN pg_constraint AS doubtful
    ON
        found.attrelid = doubtful.conrelid
        AND found.attnum = any(doubtful.conkey)
        AND doubtful.contype = 'n'
        AND NOT doubtful.convalidated
CROSS JOIN LATERAL (
    SELECT
        format('ALTER TABLE %%s', found.attrelid::regclass) AS table,
        found.attname || '_is_not_null' AS check
) AS alter
WHERE
    expected.attrelid = %(expected)s::oid
    AND found.attrelid = %(found)s::oid
    AND expected.attnum > 0
    AND expected.attnotnull != (found.attnotnull AND doubtful.oid IS NULL)
ORDER BY found.attnum
