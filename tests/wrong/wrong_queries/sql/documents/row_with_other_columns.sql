WITH found AS (
    SELECT
        slug,
        title,
        state
    FROM posts
    WHERE author_id = %(author_id)s
)

SELECT
    'größer %%' AS name,
    coalesce((SELECT json_agg(found) FROM found), '[]') AS posts
