SELECT coalesce(json_agg(json_build_object('tags', tags)), '[]') AS posts
FROM posts
WHERE author_id = %(author_id)s
