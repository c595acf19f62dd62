SELECT title
FROM posts
WHERE author_id = %(author_id)s AND (%(wanted)s::text IS NULL OR title = %(wanted)s)
