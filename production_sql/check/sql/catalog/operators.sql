-- Operators, and the category of what they take.
SELECT
    operator.oid::bigint AS oid,
    operator.oprname::text AS name,
    operator.oprnamespace = 'pg_catalog'::regnamespace
    AND operator.oid < 16384 AS is_system,
    operand.typcategory::text AS category
FROM pg_operator AS operator
INNER JOIN pg_type AS operand ON operator.oprright = operand.oid
