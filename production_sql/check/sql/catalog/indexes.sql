-- Of each B-tree index the column that it is ordered by first, as a plan writes it; NULL
-- if that is an expression.
SELECT
    class.relname::text AS name,
    quote_ident(attribute.attname) AS first_column
FROM pg_index AS index
INNER JOIN pg_class AS class ON index.indexrelid = class.oid
INNER JOIN pg_am AS method ON class.relam = method.oid
LEFT JOIN pg_attribute AS attribute
    ON
        index.indrelid = attribute.attrelid
        AND index.indkey[0] = attribute.attnum
        AND attribute.attnum > 0
WHERE method.amname = 'btree'
-- Of two that are called the same, the one in the search_path comes last, and is kept.
ORDER BY pg_table_is_visible(class.oid)
