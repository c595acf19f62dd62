-- allow scan of authors: there are few.
-- allow scan of posts: there are few.
SELECT authors.name || posts.title AS title
FROM authors
CROSS JOIN posts
