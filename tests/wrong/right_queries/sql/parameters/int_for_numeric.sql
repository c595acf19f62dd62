UPDATE posts
SET price = %(price)s
WHERE id = %(post_id)s
