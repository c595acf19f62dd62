SELECT
    coalesce(
        jsonb_agg(
            jsonb_build_object('authorId', author_id) || jsonb_build_object('title', title)
        ),
        '[]'
    ) AS posts
FROM posts
WHERE author_id = %(author_id)s
