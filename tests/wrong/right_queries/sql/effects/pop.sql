WITH gone AS (
    DELETE FROM posts
    WHERE id = %(post_id)s
    RETURNING title
)

SELECT title
FROM gone
