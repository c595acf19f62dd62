-- Sequences of ids that are called otherwise, or do not count up one by one: the bundles
-- take their assets' ids from theirs by its name, and rely on a later one being higher.
WITH sequence AS (
    SELECT
        depend.refobjid AS owner,
        attribute.attname AS column,
        attribute.atttypid AS type,
        class.oid,
        class.relname AS name,
        class.relnamespace::regnamespace AS namespace,
        options.*
    FROM pg_sequence AS options
    INNER JOIN pg_class AS class ON options.seqrelid = class.oid
    INNER JOIN pg_depend AS depend
        ON
            class.oid = depend.objid
            AND depend.classid = 'pg_class'::regclass
            AND depend.refclassid = 'pg_class'::regclass
            AND depend.deptype = 'i'
    INNER JOIN pg_attribute AS attribute
        ON
            depend.refobjid = attribute.attrelid
            AND depend.refobjsubid = attribute.attnum
    WHERE depend.refobjid IN (%(expected)s::oid, %(found)s::oid)
)

SELECT
    format(
        '%%s: the sequence of %%I is %%s, and is to be %%I and to count up one by one, to '
        '%%s, with no values kept by a session',
        found.owner::regclass,
        found.column,
        found.oid::regclass,
        expected.name,
        expected.seqmax
    ) AS text,
    array_remove(
        array[
            CASE
                WHEN differ.options
                    THEN
                        format(
                            'ALTER SEQUENCE %%s AS %%s INCREMENT %%s MINVALUE %%s '
                            'MAXVALUE %%s CACHE %%s NO CYCLE;',
                            found.oid::regclass,
                            expected.seqtypid::regtype,
                            expected.seqincrement,
                            expected.seqmin,
                            expected.seqmax,
                            expected.seqcache
                        )
                ELSE ''
            END,
            CASE
                WHEN expected.name != found.name
                    THEN
                        format(
                            'ALTER SEQUENCE %%s RENAME TO %%I;',
                            found.oid::regclass,
                            expected.name
                        )
                ELSE ''
            END
        ],
        ''
    ) AS sql
FROM sequence AS expected
INNER JOIN sequence AS found ON expected.column = found.column
CROSS JOIN LATERAL (
    SELECT
        (
            expected.seqincrement,
            expected.seqmin,
            expected.seqcache,
            expected.seqcycle
        ) != (
            found.seqincrement,
            found.seqmin,
            found.seqcache,
            found.seqcycle
        )
        -- With the type of the column that of its sequence changes too.
        OR (
            expected.type = found.type
            AND (expected.seqtypid, expected.seqmax) != (found.seqtypid, found.seqmax)
        ) AS options
) AS differ
WHERE
    expected.owner = %(expected)s::oid
    AND found.owner = %(found)s::oid
    AND (expected.name != found.name OR differ.options)
