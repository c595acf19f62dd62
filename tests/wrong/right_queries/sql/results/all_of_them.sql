SELECT
    author_id,
    slug,
    title,
    subtitle,
    state::text AS state,
    tags,
    extra,
    price,
    shown_at,
    local_at,
    updated_at
FROM posts
WHERE author_id = %(author_id)s
