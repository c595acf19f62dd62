SELECT json_agg(json_build_object('slug', slug, 'title', title)) AS post
FROM posts
WHERE author_id = %(author_id)s
