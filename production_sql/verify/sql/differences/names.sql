-- Names of indexes and sequences that something else in the schema has, such as the indexes
-- of a table that was once called so.
WITH part AS (
    SELECT
        indexrelid AS oid,
        indrelid AS owner
    FROM pg_index
    UNION ALL
    SELECT
        sequence.seqrelid AS oid,
        depend.refobjid AS owner
    FROM pg_sequence AS sequence
    INNER JOIN pg_depend AS depend
        ON
            sequence.seqrelid = depend.objid
            AND depend.classid = 'pg_class'::regclass
            AND depend.refclassid = 'pg_class'::regclass
            -- OWNED BY a column, and of an identity.
            AND depend.deptype IN ('a', 'i')
),

named AS (
    SELECT
        class.oid,
        class.relname,
        class.relnamespace,
        owner.relname AS owner
    FROM pg_class AS class
    LEFT JOIN part ON class.oid = part.oid
    LEFT JOIN pg_class AS owner ON part.owner = owner.oid
)

SELECT
    format(
        '%%s%%s has the name of a part of %%s',
        found.oid::regclass,
        coalesce(' of ' || found.owner, ''),
        coalesce(expected.owner, '')
    ) AS text,
    ARRAY[
        format(
            'ALTER TABLE %%s RENAME TO %%I;', found.oid::regclass, found.relname || '_old'
        )
    ] AS sql
FROM named AS expected
INNER JOIN named AS found ON expected.relname = found.relname
INNER JOIN pg_namespace AS namespace ON found.relnamespace = namespace.oid
WHERE
    expected.relnamespace = pg_my_temp_schema()
    AND namespace.nspname = %(schema)s
    AND expected.owner IS NOT NULL
    AND expected.owner IS DISTINCT FROM found.owner
ORDER BY expected.oid
