-- Überschriften, 100 % davon: „größer“.
SELECT '50 %% größer, 中文' || p.titel AS title
FROM posts AS p
WHERE p.author_id = %(author_id)s AND p.title LIKE 'ä%%'
