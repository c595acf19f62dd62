-- What makes a table another kind of table: not kept after a crash, open to some rows only,
-- or a part of another table's rows.
SELECT
    format('%%s is UNLOGGED: a crash empties it', class.oid::regclass) AS text,
    ARRAY[format('ALTER TABLE %%s SET LOGGED;', class.oid::regclass)] AS sql
FROM pg_class AS class
WHERE class.oid = %(found)s::oid AND class.relpersistence = 'u'
UNION ALL
SELECT
    format(
        '%%s has row level security: the calls see and write only what a policy lets '
        'them',
        class.oid::regclass
    ) AS text,
    ARRAY[
        format('ALTER TABLE %%s DISABLE ROW LEVEL SECURITY;', class.oid::regclass)
    ] AS sql
FROM pg_class AS class
WHERE class.oid = %(found)s::oid AND class.relrowsecurity
UNION ALL
SELECT
    format(
        '%%s is a %%s of %%s, which loses its rows by the mend',
        child.oid::regclass,
        CASE WHEN child.relispartition THEN 'partition' ELSE 'child' END,
        inherits.inhparent::regclass
    ) AS text,
    ARRAY[
        CASE
            WHEN child.relispartition
                THEN
                    format(
                        'ALTER TABLE %%s DETACH PARTITION %%s;',
                        inherits.inhparent::regclass,
                        child.oid::regclass
                    )
            ELSE
                format(
                    'ALTER TABLE %%s NO INHERIT %%s;',
                    child.oid::regclass,
                    inherits.inhparent::regclass
                )
        END
    ] AS sql
FROM pg_inherits AS inherits
INNER JOIN pg_class AS child ON inherits.inhrelid = child.oid
WHERE %(found)s::oid IN (inherits.inhrelid, inherits.inhparent)
