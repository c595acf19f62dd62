UPDATE posts
SET title = coalesce(%(title)s, '')
WHERE id = %(post_id)s
