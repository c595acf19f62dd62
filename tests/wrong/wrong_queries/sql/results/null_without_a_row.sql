SELECT
    authors.name,
    (
        SELECT posts.title
        FROM posts
        WHERE posts.author_id = authors.id
        ORDER BY posts.shown_at, posts.id
        LIMIT 1
    ) AS title
FROM authors
WHERE authors.id = %(author_id)s
