SELECT title
FROM posts
WHERE author_id = %(author_id)s
FOR SHARE
