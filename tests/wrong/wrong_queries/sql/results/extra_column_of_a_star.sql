SELECT
    posts.slug,
    given.*
FROM posts
INNER JOIN (VALUES ('a', 'b')) AS given (title, text) ON posts.title = given.title
WHERE posts.author_id = %(author_id)s
