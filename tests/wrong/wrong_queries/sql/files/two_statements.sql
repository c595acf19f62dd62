-- The titles of an author, and no more than that.
SELECT 'größer als 5 %%' || title AS title
FROM posts
WHERE author_id = %(author_id)s;

SELECT name
FROM authors
