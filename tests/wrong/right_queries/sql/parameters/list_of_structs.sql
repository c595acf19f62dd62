INSERT INTO posts (author_id, slug, title, subtitle)
SELECT
    author_id,
    slug,
    title,
    subtitle
FROM json_to_recordset(%(posts)s) AS given (
    author_id bigint, slug text, title text, subtitle text
)
