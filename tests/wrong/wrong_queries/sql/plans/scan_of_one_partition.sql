SELECT id
FROM visits_1
WHERE page = %(page)s
