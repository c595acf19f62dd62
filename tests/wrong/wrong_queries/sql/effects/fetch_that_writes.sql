WITH seen AS (
    UPDATE posts
    SET updated_at = now()
    WHERE id = %(post_id)s
    RETURNING title
)

SELECT title
FROM seen
