SELECT title
FROM posts
WHERE author_id = 1
