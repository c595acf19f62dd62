-- The columns of tables, views and the like. A column is not null if no row can have a NULL
-- there: its constraint is validated and, where the table has children, theirs are too.
-- A foreign table's are somebody else's promise.
WITH RECURSIVE family AS (
    SELECT
        oid AS root,
        oid AS member
    FROM pg_class
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
    UNION
    SELECT
        family.root,
        inherits.inhrelid AS member
    FROM family
    INNER JOIN pg_inherits AS inherits ON family.member = inherits.inhparent
),

-- PostgreSQL 18 sets attnotnull for a NOT VALID constraint too; before it there is no such
-- row, and then nothing to hold against attnotnull.
doubtful AS (
    SELECT
        conrelid,
        unnest(conkey) AS attnum
    FROM pg_constraint
    WHERE contype = 'n' AND NOT convalidated
)

SELECT
    root.attrelid::bigint AS relation,
    owner.relname::text AS table,
    root.attnum AS number,
    root.attname::text AS name,
    root.atttypid::bigint AS type,
    root.attidentity::text AS identity,
    bool_and(
        member.attnotnull
        AND doubtful.attnum IS NULL
        AND class.relkind NOT IN ('v', 'f')
    ) AS is_not_null,
    bool_or(
        root.atthasdef
        OR root.attidentity != ''
        OR type.typdefault IS NOT NULL
    ) AS has_default
FROM family
INNER JOIN pg_attribute AS root ON family.root = root.attrelid
INNER JOIN pg_class AS owner ON root.attrelid = owner.oid
INNER JOIN pg_type AS type ON root.atttypid = type.oid
INNER JOIN pg_class AS class ON family.member = class.oid
INNER JOIN pg_attribute AS member
    ON
        family.member = member.attrelid
        AND root.attname = member.attname
LEFT JOIN doubtful
    ON
        member.attrelid = doubtful.conrelid
        AND member.attnum = doubtful.attnum
WHERE root.attnum > 0 AND NOT root.attisdropped
GROUP BY
    root.attrelid,
    owner.relname,
    root.attnum,
    root.attname,
    root.atttypid,
    root.attidentity
