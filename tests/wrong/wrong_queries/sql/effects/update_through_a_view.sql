UPDATE shown_posts
SET title = %(title)s
WHERE id = %(post_id)s
