SELECT price
FROM posts
WHERE id = %(post_id)s
