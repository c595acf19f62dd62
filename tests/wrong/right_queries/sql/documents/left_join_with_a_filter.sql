SELECT
    authors.name,
    json_agg(found) FILTER (WHERE found.id IS NOT NULL) AS posts
FROM authors
LEFT JOIN (SELECT posts.id, posts.title FROM posts) AS found ON authors.id = found.id
WHERE authors.id = %(author_id)s
GROUP BY authors.id, authors.name
