-- Tables that are missing.
SELECT
    format('%%I.%%I is missing', namespace.nspname, expected.relname) AS text,
    format(
        'CREATE TABLE %%I.%%I (%%s);',
        namespace.nspname,
        expected.relname,
        array_to_string(
            array(
                SELECT
                    concat(
                        quote_ident(attribute.attname),
                        ' ',
                        format_type(attribute.atttypid, attribute.atttypmod),
                        CASE
                            WHEN attribute.attidentity = 'a'
                                THEN ' GENERATED ALWAYS AS IDENTITY'
                        END,
                        CASE WHEN attribute.attnotnull THEN ' NOT NULL' END
                    )
                FROM pg_attribute AS attribute
                WHERE
                    attribute.attrelid = expected.oid
                    AND attribute.attnum > 0
                ORDER BY attribute.attnum
            ) || array(
                SELECT
                    concat(
                        'CONSTRAINT ',
                        quote_ident(key.conname),
                        ' ',
                        pg_get_constraintdef(key.oid)
                    )
                FROM pg_constraint AS key
                WHERE key.conrelid = expected.oid AND key.contype IN ('p', 'u')
                ORDER BY key.conname
            ),
            ', '
        )
    ) || array(
        SELECT
            format(
                'CREATE %%sINDEX %%I ON %%I.%%I USING %%s;',
                CASE WHEN index.indisunique THEN 'UNIQUE ' ELSE '' END,
                class.relname,
                namespace.nspname,
                expected.relname,
                split_part(pg_get_indexdef(class.oid), ' USING ', 2)
            )
        FROM pg_index AS index
        INNER JOIN pg_class AS class ON index.indexrelid = class.oid
        LEFT JOIN pg_constraint AS key ON class.oid = key.conindid
        WHERE index.indrelid = expected.oid AND key.oid IS NULL
        ORDER BY class.relname
    ) AS sql
FROM pg_class AS expected
INNER JOIN pg_namespace AS namespace ON namespace.nspname = %(schema)s
LEFT JOIN pg_class AS found
    ON
        namespace.oid = found.relnamespace
        AND expected.relname = found.relname
WHERE
    expected.relnamespace = pg_my_temp_schema()
    AND expected.relkind = 'r'
    AND found.oid IS NULL
ORDER BY expected.oid
