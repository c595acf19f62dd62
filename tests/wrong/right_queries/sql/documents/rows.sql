WITH found AS (
    SELECT
        id,
        title
    FROM posts
    WHERE author_id = %(author_id)s
)

SELECT coalesce(json_agg(found ORDER BY found.id), '[]') AS posts
FROM found
