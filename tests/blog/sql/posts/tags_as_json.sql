-- The tags of a post, as one value.
SELECT json_build_object('tags', tags)
FROM posts
WHERE post_id = %(post_id)s
