SELECT state::text
FROM posts
WHERE author_id = %(author_id)s
