SELECT json_build_object('slug', slug, 'subtitle', subtitle) AS post
FROM posts
WHERE author_id = %(author_id)s
