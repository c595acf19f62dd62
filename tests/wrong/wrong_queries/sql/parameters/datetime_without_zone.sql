-- %% before and after, and 中文.
SELECT title
FROM posts
WHERE title LIKE '中文%%' AND author_id = %(author_id)s AND shown_at >= %(since)s
