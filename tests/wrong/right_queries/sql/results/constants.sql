SELECT
    CASE
        WHEN price = 0 THEN 'free'
        WHEN price < 10 THEN 'cheap'
        ELSE 'dear'
    END AS class
FROM posts
WHERE id = %(post_id)s
