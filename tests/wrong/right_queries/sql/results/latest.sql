SELECT max(updated_at)
FROM posts
WHERE author_id = %(author_id)s
