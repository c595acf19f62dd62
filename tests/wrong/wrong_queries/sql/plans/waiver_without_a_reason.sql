-- The names of all.
-- allow scan of authors:
SELECT name
FROM authors
