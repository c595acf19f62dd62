SELECT local_at
FROM posts
WHERE id = %(post_id)s
