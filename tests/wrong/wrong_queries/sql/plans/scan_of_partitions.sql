SELECT id
FROM visits
WHERE page = %(page)s
