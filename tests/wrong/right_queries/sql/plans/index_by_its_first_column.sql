SELECT id
FROM posts
WHERE author_id = %(author_id)s AND upper(title) LIKE '%%A'
