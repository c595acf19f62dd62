-- Tables, views and the like; a partition or a child with the table that it is a part of.
-- Outside of the search_path the schema belongs to the name.
SELECT
    class.oid::bigint AS oid,
    CASE
        WHEN pg_table_is_visible(class.oid) THEN class.relname
        ELSE namespace.nspname || '.' || class.relname
    END::text AS name,
    class.relname::text AS unqualified,
    (
        SELECT parent.relname::text
        FROM pg_inherits AS inherits
        INNER JOIN pg_class AS parent ON inherits.inhparent = parent.oid
        WHERE inherits.inhrelid = class.oid
        ORDER BY inherits.inhseqno
        LIMIT 1
    ) AS parent,
    class.relkind::text AS kind,
    namespace.nspname IN ('pg_catalog', 'information_schema', 'pg_toast') AS is_system,
    EXISTS (
        SELECT FROM pg_rewrite AS rule
        WHERE rule.ev_class = class.oid AND rule.ev_type != '1'
    )
    OR EXISTS (
        SELECT FROM pg_trigger AS trigger
        -- The bit of INSTEAD OF.
        WHERE trigger.tgrelid = class.oid AND trigger.tgtype & 64 != 0
    ) AS is_rewritten,
    rewrite.ev_action::text AS view_tree
FROM pg_class AS class
INNER JOIN pg_namespace AS namespace ON class.relnamespace = namespace.oid
-- Of the system's views there are many, and their trees are large.
LEFT JOIN pg_rewrite AS rewrite
    ON
        class.oid = rewrite.ev_class
        AND rewrite.ev_type = '1'
        AND class.relkind = 'v'
        AND namespace.nspname NOT IN ('pg_catalog', 'information_schema')
WHERE class.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 't')
