-- Keep a message.
INSERT INTO posts (post_id, title, author, tags)
VALUES (0, %(message)s, '{"name": "log"}', '[]')
