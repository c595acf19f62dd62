-- The names of all.
-- allow scan of authors: there are few of them,
-- and they are all wanted.
SELECT name
FROM authors
