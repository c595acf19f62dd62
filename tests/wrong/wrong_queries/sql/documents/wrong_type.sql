SELECT coalesce(jsonb_agg(jsonb_build_object('slug', slug, 'price', price)), '[]') AS posts
FROM posts
WHERE author_id = %(author_id)s
