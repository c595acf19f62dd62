-- Further keys, unique indexes and exclusion constraints; but not one that refuses no more
-- than a key of the migrations does. Of those that have a name of theirs, indexes
-- tells.
WITH index AS (
    SELECT
        index.indrelid AS owner,
        class.oid,
        class.relname AS name,
        index.indisunique AS is_unique,
        -- As in indexes.
        coalesce(
            regexp_replace(
                split_part(pg_get_indexdef(class.oid), owner.relname || ' USING ', 2),
                ' WITH \([^)]*\)',
                ''
            ),
            ''
        ) AS definition,
        key.contype AS kind,
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
)

SELECT
    format(
        '%%s: the %%s %%I (USING %%s) may refuse what a call writes',
        found.owner::regclass,
        CASE found.kind
            WHEN 'p' THEN 'primary key'
            WHEN 'u' THEN 'unique constraint'
            WHEN 'x' THEN 'exclusion constraint'
            ELSE 'unique index'
        END,
        found.name,
        found.definition
    ) AS text,
    ARRAY[
        CASE
            WHEN found.kind IS NULL
                THEN format('DROP INDEX CONCURRENTLY %%s;', found.oid::regclass)
            ELSE
                format(
                    'ALTER TABLE %%s DROP CONSTRAINT %%I;',
                    found.owner::regclass,
                    found.name
                )
        END
    ] AS sql
FROM index AS found
WHERE
    found.owner = %(found)s::oid
    AND (found.is_unique OR found.kind = 'x')
    -- As long as nobody has said which column is which (see renames), it may be one of the
    -- migrations.
    AND NOT EXISTS (
        SELECT FROM pg_attribute AS expected
        WHERE
            expected.attrelid = %(expected)s::oid
            AND expected.attisdropped
    )
    AND NOT EXISTS (
        SELECT FROM index AS expected
        WHERE
            expected.owner = %(expected)s::oid
            AND (
                expected.name = found.name
                OR (
                    expected.definition = found.definition
                    AND expected.is_unique
                    AND NOT found.is_deferrable
                    -- There can be one primary key.
                    AND (expected.kind = 'p' OR found.kind IS DISTINCT FROM 'p')
                )
            )
    )
ORDER BY found.name
