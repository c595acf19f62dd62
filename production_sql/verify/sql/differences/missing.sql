-- Columns that are missing.
SELECT
    format(
        '%%s has no column %%I%%s',
        %(found)s::oid::regclass,
        attname,
        CASE
            WHEN attidentity != '' THEN ': the mend rewrites the table to number its rows'
            WHEN NOT attnotnull THEN ''
            WHEN atttypid = 'timestamptz'::regtype
                THEN ': the mend gives the rows that are there its own time'
            ELSE
                ': where there are rows the mend fails, until it says a DEFAULT for them'
        END
    ) AS text,
    array_remove(
        ARRAY[
            format(
                'ALTER TABLE %%s ADD COLUMN %%I %%s%%s%%s%%s;',
                %(found)s::oid::regclass,
                attname,
                coalesce(format_type(atttypid, atttypmod), ''),
                CASE
                    WHEN attidentity != '' THEN ' GENERATED ALWAYS AS IDENTITY'
                    ELSE ''
                END,
                CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END,
                CASE
                    WHEN attnotnull AND atttypid = 'timestamptz'::regtype
                        THEN ' DEFAULT now()'
                    ELSE ''
                END
            ),
            CASE
                WHEN attnotnull AND atttypid = 'timestamptz'::regtype
                    THEN
                        format(
                            'ALTER TABLE %%s ALTER COLUMN %%I DROP DEFAULT;',
                            %(found)s::oid::regclass,
                            attname
                        )
                ELSE ''
            END
        ],
        ''
    ) AS sql
FROM pg_attribute
WHERE
    attrelid = %(expected)s::oid
    AND attnum > 0
    -- One that may be there by another name: see renames.
    AND NOT attisdropped
    AND attname NOT IN (
        SELECT found.attname
        FROM pg_attribute AS found
        WHERE found.attrelid = %(found)s::oid
    )
ORDER BY attnum
