UPDATE posts
SET tags = %(tags)s
WHERE id = %(post_id)s
