SELECT title
FROM posts
WHERE id = %(post_id)s
FOR UPDATE
