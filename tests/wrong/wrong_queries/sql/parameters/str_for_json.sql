UPDATE posts
SET extra = %(extra)s
WHERE id = %(post_id)s
