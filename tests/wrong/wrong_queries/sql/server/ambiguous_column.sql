SELECT id
FROM posts
INNER JOIN authors ON posts.author_id = authors.id
WHERE authors.id = %(author_id)s
