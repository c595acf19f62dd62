SELECT
    authors.name,
    (SELECT max(posts.title) FROM posts WHERE posts.author_id = authors.id) AS title
FROM authors
WHERE authors.id = %(author_id)s
