SELECT slug
FROM posts
WHERE author_id = %(author_id)s
