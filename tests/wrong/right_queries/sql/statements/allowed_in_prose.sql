-- The titles that we
-- allow everybody to read, and others by a scan.
SELECT title
FROM posts
WHERE author_id = %(author_id)s
