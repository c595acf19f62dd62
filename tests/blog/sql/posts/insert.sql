-- Insert a post, unless it is there.
INSERT INTO posts (post_id, title, author, tags, rating)
VALUES (%(post_id)s, %(title)s, %(author)s, %(tags)s, %(rating)s)
ON CONFLICT DO NOTHING
