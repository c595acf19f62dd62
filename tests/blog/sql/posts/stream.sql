-- All posts, one after the other.
SELECT
    post_id,
    title,
    author,
    tags,
    rating
FROM posts
ORDER BY post_id
