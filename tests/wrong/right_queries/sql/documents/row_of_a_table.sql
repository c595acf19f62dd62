SELECT to_jsonb(posts) AS post
FROM posts
WHERE author_id = %(author_id)s
