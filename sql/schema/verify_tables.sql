-- Tables that are missing, and what else is there by their names.
SELECT
    CASE
        WHEN found.oid IS NULL
            THEN format('%%I.%%I is missing', namespace.nspname, expected.relname)
        ELSE
            format(
                '%%s is a %%s, and is to be a table: only a person can say what '
                'becomes of it and its rows',
                found.oid::regclass,
                CASE found.relkind
                    WHEN 'v' THEN 'view'
                    WHEN 'm' THEN 'materialized view'
                    WHEN 'f' THEN 'foreign table'
                    WHEN 'p' THEN 'partitioned table'
                    WHEN 'S' THEN 'sequence'
                    WHEN 'c' THEN 'composite type'
                    ELSE 'index'
                END
            )
    END AS text,
    CASE
        WHEN found.oid IS NULL
            THEN
                array[
                    format(
                        'CREATE TABLE %%I.%%I (%%s, %%s);',
                        namespace.nspname,
                        expected.relname,
                        columns.definitions,
                        keys.definitions
                    )
                ] || array(
                    SELECT
                        format(
                            'CREATE %%sINDEX %%I ON %%I.%%I USING %%s;',
                            CASE WHEN index.indisunique THEN 'UNIQUE ' ELSE '' END,
                            class.relname,
                            namespace.nspname,
                            expected.relname,
                            substring(pg_get_indexdef(class.oid), ' USING (.*)$')
                        )
                    FROM pg_index AS index
                    INNER JOIN pg_class AS class ON index.indexrelid = class.oid
                    LEFT JOIN pg_constraint AS key ON class.oid = key.conindid
                    WHERE index.indrelid = expected.oid AND key.oid IS NULL
                    ORDER BY class.relname
                )
        ELSE '{}'
    END AS sql
FROM pg_class AS expected
INNER JOIN pg_namespace AS namespace ON namespace.nspname = %(schema)s
LEFT JOIN pg_class AS found
    ON
        namespace.oid = found.relnamespace
        AND expected.relname = found.relname
CROSS JOIN LATERAL (
    SELECT
        string_agg(
            concat_ws(
                ' ',
                quote_ident(attname),
                format_type(atttypid, atttypmod),
                CASE WHEN attidentity = 'a' THEN 'GENERATED ALWAYS AS IDENTITY' END,
                CASE WHEN attnotnull THEN 'NOT NULL' END
            ),
            ', ' ORDER BY attnum
        ) AS definitions
    FROM pg_attribute
    WHERE attrelid = expected.oid AND attnum > 0 AND NOT attisdropped
) AS columns
CROSS JOIN LATERAL (
    SELECT
        string_agg(
            format('CONSTRAINT %%I %%s', conname, pg_get_constraintdef(oid)),
            ', ' ORDER BY conname
        ) AS definitions
    FROM pg_constraint
    WHERE conrelid = expected.oid AND contype IN ('p', 'u')
) AS keys
WHERE
    expected.relnamespace = pg_my_temp_schema()
    AND expected.relkind = 'r'
    AND found.relkind IS DISTINCT FROM 'r'
ORDER BY expected.oid
