INSERT INTO shown_posts (author_id, slug)
VALUES (%(author_id)s, %(slug)s)
