-- allow keep of author_id: a post stays with its author.
INSERT INTO posts AS stored (author_id, slug, title, updated_at)
VALUES (%(author_id)s, %(slug)s, %(title)s, now())
ON CONFLICT (slug) DO UPDATE
    SET
        title = excluded.title,
        updated_at = excluded.updated_at
    WHERE stored.title != excluded.title
