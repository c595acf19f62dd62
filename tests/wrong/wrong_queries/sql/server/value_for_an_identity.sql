INSERT INTO posts (id, author_id, slug, title)
VALUES (1, %(author_id)s, %(slug)s, %(title)s)
