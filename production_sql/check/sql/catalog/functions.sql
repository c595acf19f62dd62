-- Functions, aggregates and window functions. A cast is total if it has a value for every
-- value: a JSON null has none, and no time of day has the end of time.
SELECT
    proc.oid::bigint AS oid,
    proc.proname::text AS name,
    coalesce(oidvectortypes(proc.proargtypes), '') AS arguments,
    -- An extension or a superuser can put one in this schema, with an oid above these.
    proc.pronamespace = 'pg_catalog'::regnamespace
    AND proc.oid < 16384 AS is_system,
    proc.proisstrict AS is_strict,
    proc.provolatile = 'i' AS is_immutable,
    proc.oid IN (
        SELECT conversion.castfunc
        FROM pg_cast AS conversion
        WHERE
            conversion.oid < 16384
            AND conversion.castsource != 'jsonb'::regtype
            AND conversion.casttarget NOT IN ('time'::regtype, 'timetz'::regtype)
    ) AS is_total_cast
FROM pg_proc AS proc
