-- allow scan of visits_1: it is for a report.
SELECT id
FROM visits_1
WHERE page = %(page)s
