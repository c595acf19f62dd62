-- allow keep of author_id: a post stays with its author.
INSERT INTO posts AS stored (author_id, slug, title)
VALUES (%(author_id)s, %(slug)s, %(title)s)
ON CONFLICT (slug) DO UPDATE
    SET title = excluded.title
    WHERE stored.title != excluded.title COLLATE "C"
