-- Fail at the server.
UPDATE posts SET rating = (title || %(message)s)::float8
