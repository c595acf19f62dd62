SELECT 'ä 100 %% $1 %%%%' || title AS title
FROM posts
WHERE author_id = %(author_id)s AND title LIKE '%%ü%%'
