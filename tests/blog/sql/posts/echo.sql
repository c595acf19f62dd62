-- All scalars, back from the server.
SELECT
    %(text)s::text AS text,
    %(integer)s::bigint AS integer,
    %(number)s::float8 AS number,
    %(truth)s::boolean AS truth,
    %(amount)s::numeric AS amount,
    %(key)s::uuid AS key,
    %(moment)s::timestamptz AS moment,
    %(day)s::date AS day,
    %(hour)s::time AS hour,
    %(span)s::interval AS span,
    %(data)s::bytea AS data,
    %(mood)s::text AS mood,
    %(size)s::text AS size,
    %(nothing)s::int AS nothing
