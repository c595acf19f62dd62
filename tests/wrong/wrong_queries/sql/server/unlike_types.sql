SELECT title
FROM posts
WHERE author_id = %(author_id)s AND title = 1
