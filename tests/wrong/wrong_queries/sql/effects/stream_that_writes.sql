WITH gone AS (
    DELETE FROM posts
    WHERE author_id = %(author_id)s
    RETURNING title
)

SELECT title
FROM gone
