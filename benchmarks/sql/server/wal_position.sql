-- How much has been written to the WAL so far, in bytes.
SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint AS position
