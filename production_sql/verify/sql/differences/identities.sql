-- Ids that are no identity. The next value comes after all that are there; BEGIN and COMMIT
-- keep inserts away in between.
SELECT
    format(
        '%%s.%%I is to be GENERATED ALWAYS AS IDENTITY: a role that has USAGE on a '
        'sequence that is dropped needs it on the new one',
        found.attrelid::regclass,
        found.attname
    ) AS text,
    ARRAY[
        'BEGIN;',
        format(
            'ALTER TABLE %%s ALTER COLUMN %%I DROP DEFAULT;',
            found.attrelid::regclass,
            found.attname
        )
    ] || array(
        SELECT format('DROP SEQUENCE %%s;', owned.objid::regclass)
        FROM pg_depend AS owned
        WHERE
            owned.refclassid = 'pg_class'::regclass
            AND owned.refobjid = found.attrelid
            AND owned.refobjsubid = found.attnum
            AND owned.classid = 'pg_class'::regclass
            AND owned.deptype = 'a'
            AND owned.objid IN (SELECT any_of.seqrelid FROM pg_sequence AS any_of)
        ORDER BY owned.objid
    ) || ARRAY[
        format(
            'ALTER TABLE %%s ALTER COLUMN %%I ADD GENERATED ALWAYS AS IDENTITY '
            '(SEQUENCE NAME %%I.%%I);',
            found.attrelid::regclass,
            found.attname,
            namespace.nspname,
            sequence.relname
        ),
        format(
            'SELECT setval(%%L, coalesce(max(%%I), 0) + 1, FALSE) FROM %%s;',
            format('%%I.%%I', namespace.nspname, sequence.relname),
            found.attname,
            found.attrelid::regclass
        ),
        'COMMIT;'
    ] AS sql
FROM pg_attribute AS expected
INNER JOIN pg_depend AS internal
    ON
        expected.attrelid = internal.refobjid
        AND expected.attnum = internal.refobjsubid
        AND internal.refclassid = 'pg_class'::regclass
        AND internal.classid = 'pg_class'::regclass
        AND internal.deptype = 'i'
INNER JOIN pg_class AS sequence ON internal.objid = sequence.oid
INNER JOIN pg_attribute AS found ON expected.attname = found.attname
INNER JOIN pg_type AS type ON found.atttypid = type.oid
INNER JOIN pg_class AS owner ON found.attrelid = owner.oid
INNER JOIN pg_namespace AS namespace ON owner.relnamespace = namespace.oid
WHERE
    expected.attrelid = %(expected)s::oid
    AND found.attrelid = %(found)s::oid
    AND expected.attidentity != ''
    AND found.attidentity = ''
    -- What can be no number is for a person: see types.
    AND type.typcategory IN ('N', 'S')
