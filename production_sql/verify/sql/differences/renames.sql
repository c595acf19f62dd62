-- Columns that the schema may have by another name: that of a column which the migrations
-- do not make, and whose values can be taken for theirs. Where there is no choice, it is
-- that one. Otherwise nothing else is said of the column: to add it would hide the values.
WITH expected AS (
    SELECT
        attnum,
        attname,
        atttypid,
        attnotnull,
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
        attribute.attnotnull,
        type.typcategory,
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
        found.attnum AS found_position,
        found.attname AS found_name,
        found.type,
        count(*) OVER (PARTITION BY expected.attnum) = 1
        AND count(*) OVER (PARTITION BY found.attnum) = 1
        -- Where that is to be NOT NULL, or may hold no JSON, it is a guess.
        AND found.attnotnull >= expected.attnotnull
        AND (
            expected.atttypid = found.atttypid OR conversion.oid IS NOT NULL
        ) AS is_only_one
    FROM expected
    CROSS JOIN found
    LEFT JOIN pg_cast AS conversion
        ON
            found.atttypid = conversion.castsource
            AND expected.atttypid = conversion.casttarget
            AND conversion.castcontext IN ('i', 'a')
    WHERE
        (
            expected.atttypid = found.atttypid
            OR conversion.oid IS NOT NULL
            OR (expected.atttypid = 'json'::regtype AND found.typcategory = 'S')
        )
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
WHERE is_only_one
UNION ALL
SELECT
    format(
        '%%s has no column %%I, and could have it as %%s: only a person can say. RENAME '
        'COLUMN, or ADD COLUMN if it is none of them, and verify again',
        %(found)s::oid::regclass,
        name,
        string_agg(format('%%I (%%s)', found_name, type), ' or ' ORDER BY found_position)
    ) AS text,
    '{}' AS sql,
    format(
        'ALTER TABLE %%s DROP COLUMN %%I', %(expected)s::oid::regclass, name
    ) AS as_found
FROM candidate
WHERE NOT is_only_one
GROUP BY name
ORDER BY text
