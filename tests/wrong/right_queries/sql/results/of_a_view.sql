SELECT
    authors.name,
    shown_posts.title
FROM shown_posts
INNER JOIN authors ON shown_posts.author_id = authors.id
WHERE authors.id = %(author_id)s
