-- All posts.
SELECT
    post_id,
    title,
    author,
    tags,
    rating
FROM posts
ORDER BY post_id
