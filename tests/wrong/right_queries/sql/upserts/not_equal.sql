INSERT INTO posts AS stored (author_id, slug, title)
VALUES (%(author_id)s, %(slug)s, %(title)s)
ON CONFLICT (slug) DO UPDATE
    SET
        author_id = excluded.author_id,
        title = excluded.title
    WHERE NOT (stored.author_id = excluded.author_id AND stored.title = excluded.title)
