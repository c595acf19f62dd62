SELECT
    authors.name,
    coalesce(
        (
            SELECT
                json_agg(
                    json_build_object(
                        'authorId', posts.author_id,
                        'title', posts.title,
                        'subtitle', posts.subtitle,
                        'shownAt', posts.shown_at,
                        'tags', posts.tags,
                        'price', posts.price,
                        'state', posts.state
                    )
                    ORDER BY posts.id
                )
            FROM posts
            WHERE posts.author_id = authors.id
        ),
        '[]'
    ) AS posts
FROM authors
WHERE authors.id = %(author_id)s
