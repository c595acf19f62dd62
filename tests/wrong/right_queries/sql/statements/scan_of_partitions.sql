-- allow scan of visits: it is for a report.
SELECT id
FROM visits
WHERE page = %(page)s
