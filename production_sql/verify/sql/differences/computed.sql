-- Columns that the server computes, where the calls write values.
SELECT
    format(
        '%%s.%%I is computed%%s',
        found.attrelid::regclass,
        found.attname,
        CASE
            WHEN found.attgenerated = 's' THEN ': every insert fails'
            ELSE ' when it is read: only a person can say what is to be stored'
        END
    ) AS text,
    CASE
        WHEN found.attgenerated = 's'
            THEN
                ARRAY[
                    format(
                        'ALTER TABLE %%s ALTER COLUMN %%I DROP EXPRESSION;',
                        found.attrelid::regclass,
                        found.attname
                    )
                ]
        ELSE '{}'
    END AS sql
FROM pg_attribute AS expected
INNER JOIN pg_attribute AS found ON expected.attname = found.attname
WHERE
    expected.attrelid = %(expected)s::oid
    AND found.attrelid = %(found)s::oid
    AND expected.attnum > 0
    AND expected.attgenerated = ''
    AND found.attgenerated != ''
ORDER BY found.attnum
