SELECT json_build_object('slug', slug, 'subtitle', subtitle, 'at', shown_at) AS post
FROM posts
WHERE author_id = %(author_id)s
