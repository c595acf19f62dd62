SELECT coalesce(posts.state::text, 'gone') AS state
FROM authors
LEFT JOIN posts ON authors.id = posts.author_id
WHERE authors.id = %(author_id)s
