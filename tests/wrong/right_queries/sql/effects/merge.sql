MERGE INTO posts
USING (
    SELECT
        %(author_id)s::bigint AS author_id,
        %(slug)s::slug AS slug,
        %(title)s::text AS title
) AS given
    ON posts.slug = given.slug
WHEN MATCHED THEN
    UPDATE SET title = given.title
WHEN NOT MATCHED THEN
    INSERT (author_id, slug, title) VALUES (given.author_id, given.slug, given.title)
