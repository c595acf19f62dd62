-- Primary keys (kind p), unique constraints (u) and other indexes (none) that are missing or
-- called otherwise. A deferrable constraint is none: ON CONFLICT refuses it.
WITH index AS (
    SELECT
        index.indrelid AS owner,
        class.oid,
        class.relname AS name,
        index.indisunique AS is_unique,
        -- From the access method on, without the storage parameters.
        coalesce(
            regexp_replace(
                substring(pg_get_indexdef(class.oid), ' USING (.*)$'),
                ' WITH \([^)]*\)',
                ''
            ),
            ''
        ) AS definition,
        coalesce(key.contype::text, '') AS kind,
        coalesce(key.condeferrable, FALSE) AS is_deferrable
    FROM pg_index AS index
    INNER JOIN pg_class AS class ON index.indexrelid = class.oid
    LEFT JOIN pg_constraint AS key
        ON
            class.oid = key.conindid
            AND key.contype IN ('p', 'u', 'x')
    WHERE
        index.indrelid IN (%(expected)s::oid, %(found)s::oid)
        AND index.indisvalid
)

SELECT
    format(
        '%%s: the %%s %%I (USING %%s) %%s',
        %(found)s::oid::regclass,
        kind.name,
        expected.name,
        expected.definition,
        CASE
            WHEN same.kind = expected.kind THEN format('is called %%I', coalesce(same.name, ''))
            WHEN same.kind = '' THEN format('is only an index, %%I', coalesce(same.name, ''))
            WHEN holder.oid IS NULL THEN 'is missing'
            WHEN holder.is_deferrable THEN 'is deferrable, which ON CONFLICT refuses'
            ELSE format('is another one: USING %%s', coalesce(holder.definition, ''))
        END
    ) AS text,
    array_remove(
        array[
            CASE
                WHEN same.oid IS NULL
                    THEN
                        format(
                            'CREATE %%sINDEX CONCURRENTLY %%I ON %%s USING %%s;',
                            CASE WHEN expected.is_unique THEN 'UNIQUE ' ELSE '' END,
                            built.name,
                            %(found)s::oid::regclass,
                            expected.definition
                        )
                ELSE ''
            END,
            CASE
                WHEN holder.kind = ''
                    THEN concat('DROP INDEX CONCURRENTLY ', holder.oid::regclass, ';')
                WHEN holder.oid IS NOT NULL
                    THEN
                        format(
                            'ALTER TABLE %%s DROP CONSTRAINT %%I;',
                            %(found)s::oid::regclass,
                            coalesce(holder.name, '')
                        )
                ELSE ''
            END,
            CASE
                WHEN expected.kind = '' AND built.name != expected.name
                    THEN
                        format(
                            'ALTER INDEX %%s.%%I RENAME TO %%I;',
                            namespace.name,
                            built.name,
                            expected.name
                        )
                WHEN expected.kind != '' AND same.kind = expected.kind
                    THEN
                        format(
                            'ALTER TABLE %%s RENAME CONSTRAINT %%I TO %%I;',
                            %(found)s::oid::regclass,
                            coalesce(same.name, ''),
                            expected.name
                        )
                WHEN expected.kind != ''
                    THEN
                        format(
                            'ALTER TABLE %%s ADD CONSTRAINT %%I %%s USING INDEX %%I;',
                            %(found)s::oid::regclass,
                            expected.name,
                            kind.keyword,
                            built.name
                        )
                ELSE ''
            END
        ],
        ''
    ) AS sql
FROM index AS expected
INNER JOIN (
    VALUES
    ('p', 'primary key', 'PRIMARY KEY'),
    ('u', 'unique constraint', 'UNIQUE'),
    ('', 'index', '')
) AS kind (kind, name, keyword) ON expected.kind = kind.kind
LEFT JOIN LATERAL (
    SELECT index.*
    FROM index
    WHERE
        index.owner = %(found)s::oid
        AND index.definition = expected.definition
        AND index.is_unique = expected.is_unique
        AND index.kind IN (expected.kind, '')
        AND NOT index.is_deferrable
    ORDER BY index.kind = expected.kind DESC, index.name = expected.name DESC, index.name
    LIMIT 1
) AS same ON TRUE
LEFT JOIN index AS holder
    ON
        expected.name = holder.name
        AND holder.owner = %(found)s::oid
        AND holder.oid IS DISTINCT FROM same.oid
CROSS JOIN LATERAL (
    SELECT
        coalesce(
            same.name,
            expected.name || CASE WHEN holder.oid IS NULL THEN '' ELSE '_new' END
        ) AS name
) AS built
CROSS JOIN LATERAL (
    SELECT class.relnamespace::regnamespace AS name
    FROM pg_class AS class
    WHERE class.oid = %(found)s::oid
) AS namespace
WHERE
    expected.owner = %(expected)s::oid
    AND expected.kind = %(kind)s
    AND (same.name, same.kind) IS DISTINCT FROM (expected.name, expected.kind)
ORDER BY expected.name
