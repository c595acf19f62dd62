-- Above %(it) is a comment: 100 %.
SELECT title
FROM posts
WHERE
    author_id = %(author_id)s
    AND title LIKE '%%ü%%' AND (%(wanted)s IS NULL OR title = 'ü')
