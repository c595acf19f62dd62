-- Columns that the schema has by another name: the only ones that the migrations do not
-- make, and the only ones missing, whose values can be taken for one another.
WITH expected AS (
    SELECT
        attnum,
        attname,
        atttypid,
        attidentity
    FROM pg_attribute
    WHERE
        attrelid = %(expected)s::oid
        AND attnum > 0
        AND attname NOT IN (
            SELECT present.attname
            FROM pg_attribute AS present
            WHERE present.attrelid = %(found)s::oid
        )
),

found AS (
    SELECT
        attribute.attnum,
        attribute.attname,
        coalesce(format_type(attribute.atttypid, attribute.atttypmod), '') AS type,
        attribute.atthasdef OR attribute.attidentity != '' AS has_default,
        -- Of a domain the type under it.
        coalesce(nullif(type.typbasetype, 0), type.oid) AS atttypid
    FROM pg_attribute AS attribute
    INNER JOIN pg_type AS type ON attribute.atttypid = type.oid
    WHERE
        attribute.attrelid = %(found)s::oid
        AND attribute.attnum > 0
        AND NOT attribute.attisdropped
        AND attribute.attname NOT IN (
            SELECT wanted.attname
            FROM pg_attribute AS wanted
            WHERE wanted.attrelid = %(expected)s::oid
        )
),

candidate AS (
    SELECT
        expected.attname AS name,
        found.attname AS found_name,
        found.type,
        count(*) OVER (PARTITION BY expected.attnum) AS fits,
        count(*) OVER (PARTITION BY found.attnum) AS found_fits
    FROM expected
    CROSS JOIN found
    LEFT JOIN pg_cast AS conversion
        ON
            found.atttypid = conversion.castsource
            AND expected.atttypid = conversion.casttarget
            AND conversion.castcontext IN ('i', 'a')
    WHERE
        (expected.atttypid = found.atttypid OR conversion.oid IS NOT NULL)
        -- What nothing numbers is no id.
        AND (expected.attidentity = '' OR found.has_default)
)

SELECT
    format(
        '%%s has no column %%I, and %%I (%%s) is the only other one that could be it: if '
        'it is not, ADD COLUMN instead',
        %(found)s::oid::regclass,
        name,
        found_name,
        type
    ) AS text,
    ARRAY[
        format(
            'ALTER TABLE %%s RENAME COLUMN %%I TO %%I;',
            %(found)s::oid::regclass,
            found_name,
            name
        )
    ] AS sql,
    format(
        'ALTER TABLE %%s RENAME COLUMN %%I TO %%I',
        %(expected)s::oid::regclass,
        name,
        found_name
    ) AS as_found
FROM candidate
WHERE fits = 1 AND found_fits = 1
ORDER BY name
