-- The names of all.
-- allow scan of posts: there are few of them.
SELECT name
FROM authors
