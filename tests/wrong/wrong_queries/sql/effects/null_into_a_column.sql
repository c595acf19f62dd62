INSERT INTO posts (author_id, slug, title)
VALUES (%(author_id)s, %(slug)s, NULL)
