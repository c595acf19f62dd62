SELECT id
FROM posts
WHERE author_id = %(author_id)s AND (%(after)s::bigint IS NULL OR id > %(after)s)
ORDER BY shown_at, id
LIMIT 10
