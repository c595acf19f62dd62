-- Nothing that the server does by itself falls into one contestant's turn and not into
-- another's: no vacuum, and no checkpoint but those asked for.
ALTER SYSTEM SET autovacuum = off;

ALTER SYSTEM SET checkpoint_timeout = '1h';

ALTER SYSTEM SET max_wal_size = '16GB';

-- To wait for the disk at each commit takes the same for everybody, and hides the rest.
ALTER SYSTEM SET synchronous_commit = off;

SELECT pg_reload_conf();
