-- Primary keys (kind p), unique constraints (u) and other indexes (of no kind) that are
-- missing, or called otherwise. A deferrable constraint is none: ON CONFLICT refuses it.
WITH index AS (
    SELECT
        index.indrelid AS owner,
        class.oid,
        class.relname AS name,
        index.indisunique AS is_unique,
        -- From the access method on, without the storage parameters.
        coalesce(
            regexp_replace(
                split_part(pg_get_indexdef(class.oid), owner.relname || ' USING ', 2),
                ' WITH \([^)]*\)',
                ''
            ),
            ''
        ) AS definition,
        coalesce(key.contype::text, '') AS kind,
        coalesce(key.condeferrable, FALSE) AS is_deferrable
    FROM pg_index AS index
    INNER JOIN pg_class AS class ON index.indexrelid = class.oid
    INNER JOIN pg_class AS owner ON index.indrelid = owner.oid
    LEFT JOIN pg_constraint AS key
        ON
            class.oid = key.conindid
            AND key.contype IN ('p', 'u', 'x')
    WHERE
        index.indrelid IN (%(expected)s::oid, %(found)s::oid)
        AND index.indisvalid
),

-- What does the same, best as the same kind by the same name.
same AS (
    SELECT DISTINCT ON (expected.name)
        expected.name AS expected,
        found.oid,
        found.name,
        found.kind
    FROM index AS expected
    INNER JOIN index AS found
        ON
            expected.definition = found.definition
            AND expected.is_unique = found.is_unique
            AND found.kind IN (expected.kind, '')
    WHERE
        expected.owner = %(expected)s::oid
        AND found.owner = %(found)s::oid
        AND NOT found.is_deferrable
    ORDER BY
        expected.name ASC,
        found.kind = expected.kind DESC,
        found.name = expected.name DESC,
        found.name ASC
),

-- And what has the name, and does something else.
difference AS (
    SELECT
        expected.*,
        same.name AS same_name,
        same.kind AS same_kind,
        other.name AS other_name,
        other.kind AS other_kind,
        other.is_deferrable AS other_is_deferrable,
        coalesce(
            same.name,
            expected.name || CASE WHEN other.oid IS NULL THEN '' ELSE '_new' END
        ) AS built,
        %(found)s::oid::regclass AS found
    FROM index AS expected
    LEFT JOIN same ON expected.name = same.expected
    LEFT JOIN index AS other
        ON
            expected.name = other.name
            AND other.owner = %(found)s::oid
            AND other.oid IS DISTINCT FROM same.oid
    WHERE
        expected.owner = %(expected)s::oid
        AND expected.kind = %(kind)s
        AND (same.name, same.kind) IS DISTINCT FROM (expected.name, expected.kind)
)

SELECT
    concat(
        difference.found,
        ' is to have the ',
        CASE difference.kind
            WHEN 'p' THEN 'primary key '
            WHEN 'u' THEN 'unique constraint '
            ELSE 'index '
        END,
        quote_ident(difference.name),
        ', USING ',
        difference.definition,
        CASE
            WHEN difference.same_kind = difference.kind THEN ', and has it as '
            WHEN difference.same_kind = '' THEN ', and has it as the mere index '
            WHEN difference.other_is_deferrable
                THEN ', and has it DEFERRABLE, which ON CONFLICT refuses'
            WHEN difference.other_name IS NULL THEN ', and has none'
            ELSE ', and has another one by that name, which the mend drops'
        END,
        quote_ident(difference.same_name),
        CASE
            WHEN difference.same_name IS NOT NULL AND difference.other_name IS NOT NULL
                THEN ', beside another one by that name, which the mend drops'
        END
    ) AS text,
    array_remove(
        ARRAY[
            CASE
                WHEN difference.same_name IS NULL
                    THEN
                        format(
                            'CREATE %%sINDEX CONCURRENTLY %%I ON %%s USING %%s;',
                            CASE WHEN difference.is_unique THEN 'UNIQUE ' ELSE '' END,
                            difference.built,
                            difference.found,
                            difference.definition
                        )
                ELSE ''
            END,
            CASE
                WHEN difference.other_kind = ''
                    THEN
                        concat(
                            'DROP INDEX CONCURRENTLY ',
                            quote_ident(namespace.nspname),
                            '.',
                            quote_ident(difference.other_name),
                            ';'
                        )
                WHEN difference.other_kind != ''
                    THEN
                        format(
                            'ALTER TABLE %%s DROP CONSTRAINT %%I;',
                            difference.found,
                            difference.name
                        )
                ELSE ''
            END,
            CASE
                WHEN difference.kind != '' AND difference.same_kind = difference.kind
                    THEN
                        format(
                            'ALTER TABLE %%s RENAME CONSTRAINT %%I TO %%I;',
                            difference.found,
                            difference.built,
                            difference.name
                        )
                WHEN difference.kind != ''
                    THEN
                        format(
                            'ALTER TABLE %%s ADD CONSTRAINT %%I %%s USING INDEX %%I;',
                            difference.found,
                            difference.name,
                            CASE
                                WHEN difference.kind = 'p' THEN 'PRIMARY KEY'
                                ELSE 'UNIQUE'
                            END,
                            difference.built
                        )
                WHEN difference.built != difference.name
                    THEN
                        format(
                            'ALTER INDEX %%I.%%I RENAME TO %%I;',
                            namespace.nspname,
                            difference.built,
                            difference.name
                        )
                ELSE ''
            END
        ],
        ''
    ) AS sql
FROM difference
INNER JOIN pg_class AS class ON difference.found = class.oid
INNER JOIN pg_namespace AS namespace ON class.relnamespace = namespace.oid
ORDER BY difference.name
