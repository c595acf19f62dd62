SELECT title
FROM shown_posts
WHERE author_id = %(author_id)s
