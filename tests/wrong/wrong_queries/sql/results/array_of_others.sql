SELECT tags
FROM posts
WHERE id = %(post_id)s
