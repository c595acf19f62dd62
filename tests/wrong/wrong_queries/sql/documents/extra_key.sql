SELECT
    authors.name,
    coalesce(
        (
            SELECT
                json_agg(json_build_object(
                    'slug', posts.slug, 'title', posts.title, 'tags', posts.tags
                ))
            FROM posts
            WHERE posts.author_id = authors.id
        ),
        '[]'
    ) AS posts
FROM authors
WHERE authors.id = %(author_id)s
