WITH given AS (
    SELECT
        %(author_id)s::bigint AS author_id,
        %(slug)s::text AS slug,
        %(title)s::text AS title
)

INSERT INTO posts (author_id, slug, title)
SELECT
    author_id,
    slug,
    title
FROM given
