SELECT id
FROM posts
WHERE shown_at = %(shown_at)s
