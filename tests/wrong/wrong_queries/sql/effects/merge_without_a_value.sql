MERGE INTO posts
USING (SELECT %(author_id)s::bigint AS author_id, %(slug)s::text AS slug) AS given
    ON posts.slug::text = given.slug
WHEN NOT MATCHED THEN
    INSERT (author_id, slug) VALUES (given.author_id, given.slug)
