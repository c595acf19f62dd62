SELECT id
FROM posts
WHERE upper(slug) = %(slug)s
