-- How many sessions of this role were in a database, which are told to end.
SELECT count(pg_terminate_backend(pid))
FROM pg_stat_activity
WHERE
    datname = %(database)s
    AND usename = current_user
    AND backend_type = 'client backend'
