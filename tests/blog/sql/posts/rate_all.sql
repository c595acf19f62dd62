-- Give all posts the same rating.
UPDATE posts SET rating = %(rating)s
