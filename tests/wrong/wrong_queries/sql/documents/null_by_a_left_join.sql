SELECT
    authors.name,
    json_agg(found) AS posts
FROM authors
LEFT JOIN (
    SELECT
        posts.slug,
        posts.title
    FROM posts
    WHERE posts.author_id = %(author_id)s
) AS found ON authors.name = found.title
WHERE authors.id = %(author_id)s
GROUP BY authors.id, authors.name
