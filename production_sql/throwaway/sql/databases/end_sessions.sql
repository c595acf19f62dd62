-- How many sessions were in a database that this role may end, which are told to.
SELECT count(pg_terminate_backend(pid))
FROM pg_stat_activity
WHERE
    datname = %(database)s
    AND backend_type = 'client backend'
    AND pg_has_role(usesysid, 'USAGE')
