UPDATE posts
SET extra = to_jsonb(%(extra)s::text)
WHERE id = %(post_id)s
