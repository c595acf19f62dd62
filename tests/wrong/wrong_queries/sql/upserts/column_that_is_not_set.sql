INSERT INTO posts (author_id, slug, title)
VALUES (%(author_id)s, %(slug)s, %(title)s)
ON CONFLICT (slug) DO UPDATE
    SET title = excluded.title
    WHERE posts.title != excluded.title
