-- A number, back from the server.
SELECT %(number)s::bigint
