-- allow keep of author_id: a post stays with its author.
WITH given AS (
    SELECT
        %(author_id)s::bigint AS author_id,
        %(slug)s::slug AS slug,
        %(title)s::text AS title,
        %(subtitle)s::text AS subtitle,
        %(updated_at)s::timestamptz AS updated_at
),

written AS (
    INSERT INTO posts AS stored (author_id, slug, title, subtitle, updated_at)
    SELECT
        author_id,
        slug,
        title,
        subtitle,
        updated_at
    FROM given
    ON CONFLICT (slug) DO UPDATE
        SET
            title = excluded.title,
            subtitle = excluded.subtitle,
            updated_at = excluded.updated_at
        WHERE (
            stored.title != excluded.title
            OR stored.subtitle IS DISTINCT FROM excluded.subtitle
        )
    RETURNING id
)

SELECT
    CASE
        WHEN EXISTS (SELECT FROM written) THEN 'written'
        ELSE 'unchanged'
    END AS outcome
