SELECT coalesce(json_agg(json_build_object('state', state)), '[]') AS posts
FROM posts
WHERE author_id = %(author_id)s
