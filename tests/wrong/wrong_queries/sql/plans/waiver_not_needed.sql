-- The titles of an author.
-- allow scan of posts: there are few of them.
SELECT title
FROM posts
WHERE author_id = %(author_id)s
