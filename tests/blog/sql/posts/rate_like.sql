-- Rate the one post with a title like this (100%% of it).
UPDATE posts SET rating = %(rating)s
WHERE title LIKE %(pattern)s AND title NOT LIKE '%%nothing%%'
