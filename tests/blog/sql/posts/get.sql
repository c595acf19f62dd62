-- The same, of a post that has to be there.
SELECT
    post_id,
    title,
    author,
    tags,
    rating
FROM posts
WHERE post_id = %(post_id)s
