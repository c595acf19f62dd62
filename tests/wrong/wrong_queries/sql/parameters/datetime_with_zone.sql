UPDATE posts
SET local_at = %(local_at)s
WHERE id = %(post_id)s
