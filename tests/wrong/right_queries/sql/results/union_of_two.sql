SELECT
    name,
    email AS title
FROM authors
WHERE id = %(author_id)s
UNION ALL
SELECT
    'größer',
    title
FROM posts
WHERE author_id = %(author_id)s
