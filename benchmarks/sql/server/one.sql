-- As little as can be asked.
SELECT 1 AS one
