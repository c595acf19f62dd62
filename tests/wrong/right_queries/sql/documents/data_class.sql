SELECT coalesce(json_agg(json_build_object('slug', slug)), '[]') AS posts
FROM posts
WHERE author_id = %(author_id)s
