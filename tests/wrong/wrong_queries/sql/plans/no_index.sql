SELECT id
FROM posts
WHERE title = %(title)s
