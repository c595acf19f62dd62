SELECT row_to_json(found) AS post
FROM (
    SELECT
        id,
        title
    FROM posts
    WHERE author_id = %(author_id)s
) AS found
