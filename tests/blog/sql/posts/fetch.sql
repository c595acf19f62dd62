-- One post, its columns in another order than the fields.
SELECT
    rating,
    tags,
    author,
    title,
    post_id
FROM posts
WHERE post_id = %(post_id)s
