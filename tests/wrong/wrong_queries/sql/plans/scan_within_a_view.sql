-- 50 % of it are 'größer'.
SELECT 'ä%%' || title AS title
FROM shown_posts
