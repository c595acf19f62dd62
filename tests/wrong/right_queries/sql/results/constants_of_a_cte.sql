WITH classes AS (
    SELECT CASE WHEN price = 0 THEN 'free' ELSE 'dear' END AS class
    FROM posts
    WHERE author_id = %(author_id)s
)

SELECT class
FROM classes
