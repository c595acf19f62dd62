-- The latest moment there is.
SELECT at
FROM moments
ORDER BY at DESC
LIMIT 1
