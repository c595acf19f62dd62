-- The tree that the server keeps of the statement in the function that was made of it.
SELECT prosqlbody::text
FROM pg_proc
WHERE
    proname = 'production_sql_checked'
    AND pronamespace = current_schema()::regnamespace
    AND prosqlbody IS NOT NULL
