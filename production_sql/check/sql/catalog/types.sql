-- Types; of a domain the type under it, and whether it or a domain under it is NOT NULL.
WITH RECURSIVE base AS (
    SELECT
        oid,
        oid AS under,
        typnotnull AS is_not_null
    FROM pg_type
    UNION ALL
    SELECT
        base.oid,
        domain.typbasetype AS under,
        base.is_not_null OR inner_type.typnotnull AS is_not_null
    FROM base
    INNER JOIN pg_type AS domain ON base.under = domain.oid
    INNER JOIN pg_type AS inner_type ON domain.typbasetype = inner_type.oid
    WHERE domain.typtype = 'd'
)

SELECT
    type.oid::bigint AS oid,
    coalesce(format_type(type.oid, NULL), type.typname) AS name,
    under.oid::bigint AS under,
    under.typname::text AS under_name,
    under.typcategory::text AS category,
    base.is_not_null,
    array(
        SELECT label.enumlabel::text
        FROM pg_enum AS label
        WHERE label.enumtypid = under.oid
        ORDER BY label.enumsortorder
    ) AS labels
FROM base
INNER JOIN pg_type AS type ON base.oid = type.oid
INNER JOIN pg_type AS under ON base.under = under.oid
WHERE under.typtype != 'd'
