-- The server's processes of one contestant.
SELECT pid
FROM pg_stat_activity
WHERE application_name = %(contestant)s
