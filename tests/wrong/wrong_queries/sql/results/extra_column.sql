SELECT
    slug,
    'größer %%' AS 标题,
    title
FROM posts
WHERE author_id = %(author_id)s
