UPDATE posts
SET price = %(price)s::float8
WHERE id = %(post_id)s
