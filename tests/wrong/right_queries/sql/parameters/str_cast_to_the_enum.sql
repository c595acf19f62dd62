UPDATE posts
SET state = %(state)s::text::post_state
WHERE id = %(post_id)s
