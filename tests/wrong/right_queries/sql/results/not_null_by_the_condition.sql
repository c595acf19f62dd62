SELECT subtitle
FROM posts
WHERE author_id = %(author_id)s AND subtitle IS NOT NULL
