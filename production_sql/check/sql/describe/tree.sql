-- The tree that the server keeps of the statement in the function that was made of it.
SELECT prosqlbody::text
FROM pg_proc
WHERE
    proname = 'production_sql_checked'
    AND pronamespace = to_regnamespace(quote_ident(current_schema()))
    AND prosqlbody IS NOT NULL
