-- Tables, views and the like, each with its columns' relation.
SELECT
    class.oid::bigint AS oid,
    class.relname::text AS name,
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
