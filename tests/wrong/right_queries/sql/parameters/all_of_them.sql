INSERT INTO posts (
    author_id, slug, title, subtitle, state, tags, extra, price, shown_at, local_at
)
VALUES (
    %(author_id)s,
    %(slug)s,
    %(title)s,
    %(subtitle)s,
    %(state)s,
    ARRAY(SELECT json_array_elements_text(%(tags)s::json)),
    %(extra)s,
    %(price)s,
    %(shown_at)s,
    %(local_at)s
)
