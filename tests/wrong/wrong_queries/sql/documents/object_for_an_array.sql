SELECT json_build_object('slug', slug, 'title', title) AS posts
FROM posts
WHERE author_id = %(author_id)s
