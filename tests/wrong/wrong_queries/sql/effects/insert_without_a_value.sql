INSERT INTO posts (author_id, slug)
VALUES (%(author_id)s, %(slug)s)
