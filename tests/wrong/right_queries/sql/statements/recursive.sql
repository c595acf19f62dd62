WITH RECURSIVE numbered (author_id, title, slug) AS (
    SELECT
        %(first)s::bigint AS author_id,
        %(title)s::text AS title,
        %(slug)s::text AS slug
    UNION ALL
    SELECT
        author_id + 1 AS author_id,
        title,
        slug || 'a' AS slug
    FROM numbered
    WHERE author_id < 5
)

INSERT INTO posts (author_id, title, slug)
SELECT
    author_id,
    title,
    slug
FROM numbered
