SELECT id
FROM posts
WHERE slug LIKE '%%' || %(end)s
