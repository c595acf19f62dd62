SELECT title
FROM posts
WHERE author_id = %(author_id)s
ORDER BY shown_at, id
