UPDATE posts
SET state = %(state)s
WHERE id = %(post_id)s
