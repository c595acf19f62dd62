SELECT id
FROM posts
WHERE slug = %(slug)s
