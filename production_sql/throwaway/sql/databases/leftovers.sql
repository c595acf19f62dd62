-- The databases whose names begin like this.
SELECT datname::text AS name
FROM pg_database
WHERE starts_with(datname::text, %(prefix)s)
