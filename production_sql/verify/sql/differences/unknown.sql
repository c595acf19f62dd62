-- Columns that the migrations do not make, and that the calls give no value.
SELECT
    format(
        '%%s.%%I, which the migrations do not make, is NOT NULL without a default: every '
        'insert fails. A DEFAULT would do as well',
        found.attrelid::regclass,
        found.attname
    ) AS text,
    CASE
        -- A domain keeps it.
        WHEN type.typnotnull THEN '{}'
        ELSE
            ARRAY[
                format(
                    'ALTER TABLE %%s ALTER COLUMN %%I DROP NOT NULL;',
                    found.attrelid::regclass,
                    found.attname
                )
            ]
    END AS sql
FROM pg_attribute AS found
INNER JOIN pg_type AS type ON found.atttypid = type.oid
WHERE
    found.attrelid = %(found)s::oid
    AND found.attnum > 0
    AND NOT found.attisdropped
    AND (found.attnotnull OR type.typnotnull)
    AND NOT found.atthasdef
    AND found.attidentity = ''
    AND type.typdefault IS NULL
    -- As in surplus.
    AND NOT EXISTS (
        SELECT FROM pg_attribute AS expected
        WHERE
            expected.attrelid = %(expected)s::oid
            AND expected.attisdropped
    )
    AND found.attname NOT IN (
        SELECT expected.attname
        FROM pg_attribute AS expected
        WHERE expected.attrelid = %(expected)s::oid
    )
ORDER BY found.attnum
