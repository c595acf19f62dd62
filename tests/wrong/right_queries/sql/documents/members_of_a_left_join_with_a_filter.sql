SELECT
    authors.name,
    coalesce(
        jsonb_agg(jsonb_build_object('id', posts.id, 'title', posts.title))
            FILTER (WHERE posts.id IS NOT NULL AND posts.price > 0),
        '[]'
    ) AS posts
FROM authors
LEFT JOIN posts ON authors.id = posts.author_id
WHERE authors.id = %(author_id)s
GROUP BY authors.id, authors.name
