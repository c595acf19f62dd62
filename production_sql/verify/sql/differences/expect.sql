-- From here on to the end of the transaction, what is created is temporary, and every other
-- table is called with its schema.
SELECT FROM set_config('search_path', 'pg_temp', TRUE)
