-- allow keep of author_id: a post stays with its author.
-- allow keep of title: it is that of the first write.
INSERT INTO posts AS stored (author_id, slug, title, subtitle, updated_at)
VALUES (%(author_id)s, %(slug)s, %(title)s, %(subtitle)s, now())
ON CONFLICT (slug) DO UPDATE
    SET subtitle = excluded.subtitle
    WHERE
        stored.subtitle != excluded.subtitle
        OR (stored.subtitle IS NULL) != (excluded.subtitle IS NULL)
