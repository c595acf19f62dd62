-- The tags of a post, a row each.
SELECT tag.value
FROM posts
CROSS JOIN json_array_elements_text(posts.tags) AS tag (value)
WHERE posts.post_id = %(post_id)s
