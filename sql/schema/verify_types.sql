-- Columns of another type or collation. What is already stored the same way is not
-- rewritten; what no cast leads to is for a person.
WITH different AS (
    SELECT
        found.attrelid,
        found.attnum,
        found.attname,
        expected.atttypid AS type,
        coalesce(format_type(expected.atttypid, expected.atttypmod), '') AS type_name,
        concat(
            format_type(found.atttypid, found.atttypmod),
            CASE
                WHEN
                    expected.atttypid = found.atttypid
                    AND expected.attcollation != found.attcollation
                    THEN format(' COLLATE %%s', found.attcollation::regcollation)
            END
        ) AS found_name,
        -- Of a domain the type under it.
        coalesce(nullif(type.typbasetype, 0), type.oid) AS found_type,
        expected.attidentity != '' AS is_identity,
        'S' IN (type.typcategory, expected_type.typcategory) AS has_text
    FROM pg_attribute AS expected
    INNER JOIN pg_attribute AS found ON expected.attname = found.attname
    INNER JOIN pg_type AS expected_type ON expected.atttypid = expected_type.oid
    INNER JOIN pg_type AS type ON found.atttypid = type.oid
    WHERE
        expected.attrelid = %(expected)s::oid
        AND found.attrelid = %(found)s::oid
        AND expected.attnum > 0
        AND (expected.atttypid, expected.atttypmod, expected.attcollation)
        != (found.atttypid, found.atttypmod, found.attcollation)
)

SELECT
    format(
        '%%s.%%I is %%s, and is to be %%s%%s%%s',
        different.attrelid::regclass,
        different.attname,
        different.found_name,
        different.type_name,
        CASE
            WHEN different.is_identity
                THEN ': every replayed upsert burns a value, and 31 bits run out'
            WHEN different.type = 'json'::regtype
                THEN
                    ', which gives back what was stored: jsonb does not (1e23, -0.0), and '
                    'refuses \u0000. The mend drops the indexes on it, as json has none'
            WHEN different.type = 'timestamptz'::regtype
                AND different.found_type IN ('timestamp'::regtype, 'date'::regtype)
                THEN ': the mend takes what is there for UTC'
            ELSE ''
        END,
        CASE
            WHEN NOT (way.is_same OR way.is_cast)
                THEN '. No cast leads there: only a person can say what becomes of it'
            WHEN NOT way.is_same
                THEN '. The mend rewrites the table, which nobody can use meanwhile'
            ELSE ''
        END
    ) AS text,
    CASE
        WHEN way.is_same OR way.is_cast
            THEN
                array(
                    SELECT format('DROP INDEX %%s;', index.indexrelid::regclass)
                    FROM pg_index AS index
                    WHERE
                        index.indrelid = different.attrelid
                        AND different.attnum = any(index.indkey)
                        AND different.type = 'json'::regtype
                ) || format(
                    'ALTER TABLE %%s ALTER COLUMN %%I TYPE %%s USING %%s;',
                    different.attrelid::regclass,
                    different.attname,
                    different.type_name,
                    CASE
                        WHEN
                            different.type = 'timestamptz'::regtype
                            AND different.found_type IN (
                                'timestamp'::regtype, 'date'::regtype
                            )
                            THEN
                                format(
                                    '%%I::timestamp AT TIME ZONE %%L',
                                    different.attname,
                                    'UTC'
                                )
                        ELSE format('%%I::%%s', different.attname, different.type_name)
                    END
                )
        ELSE '{}'
    END AS sql
FROM different
CROSS JOIN LATERAL (
    SELECT
        different.type = different.found_type
        OR coalesce(bool_or(castmethod = 'b'), FALSE) AS is_same,
        count(*) > 0 OR different.has_text AS is_cast
    FROM pg_cast
    WHERE castsource = different.found_type AND casttarget = different.type
) AS way
ORDER BY different.attnum
