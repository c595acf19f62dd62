-- allow keep of author_id: a post stays with its author.
INSERT INTO posts AS stored (author_id, slug, title, subtitle, updated_at)
VALUES (%(author_id)s, %(slug)s, %(title)s, %(subtitle)s, %(updated_at)s)
ON CONFLICT (slug) DO UPDATE
    SET
        title = excluded.title,
        subtitle = excluded.subtitle,
        updated_at = excluded.updated_at
    WHERE stored.title != excluded.title
