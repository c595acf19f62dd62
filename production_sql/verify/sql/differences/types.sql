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
        coalesce(nullif(found_type.typbasetype, 0), found_type.oid) AS found_type,
        expected.attidentity != '' AS is_identity,
        -- Every value but that of a bytea is a text, and a text can be tried as any.
        'S' IN (found_type.typcategory, type.typcategory)
        AND found_type.oid != 'bytea'::regtype AS is_text,
        -- As in constraints: a number of a row, and no key.
        exists(
            SELECT FROM pg_constraint AS key
            INNER JOIN pg_class AS owner ON key.confrelid = owner.oid
            INNER JOIN pg_class AS other ON owner.relname = other.relname
            INNER JOIN pg_attribute AS numbered ON other.oid = numbered.attrelid
            INNER JOIN pg_attribute AS referred ON numbered.attname = referred.attname
            WHERE
                key.contype = 'f'
                AND key.conrelid = found.attrelid
                AND found.attnum = any(key.conkey)
                AND other.relnamespace = pg_my_temp_schema()
                AND numbered.attidentity != ''
                AND referred.attrelid = key.confrelid
                AND referred.attnum = any(key.confkey)
        ) AS is_reference
    FROM pg_attribute AS expected
    INNER JOIN pg_type AS type ON expected.atttypid = type.oid
    INNER JOIN pg_attribute AS found ON expected.attname = found.attname
    INNER JOIN pg_type AS found_type ON found.atttypid = found_type.oid
    WHERE
        expected.attrelid = %(expected)s::oid
        AND found.attrelid = %(found)s::oid
        AND expected.attnum > 0
        AND (expected.atttypid, expected.atttypmod, expected.attcollation)
        != (found.atttypid, found.atttypmod, found.attcollation)
),

difference AS (
    SELECT
        different.*,
        different.attrelid::regclass AS owner,
        different.type = different.found_type
        OR coalesce(conversion.castmethod = 'b', FALSE) AS is_stored_alike,
        NOT different.is_reference
        AND (
            different.type = different.found_type
            OR different.is_text
            OR conversion.oid IS NOT NULL
        ) AS can_be_cast,
        different.type = 'timestamptz'::regtype
        AND different.found_type IN (
            'timestamp'::regtype, 'date'::regtype
        ) AS has_no_zone,
        (
            SELECT string_agg(DISTINCT rule.ev_class::regclass::text, ', ')
            FROM pg_depend AS depend
            INNER JOIN pg_rewrite AS rule ON depend.objid = rule.oid
            WHERE
                depend.classid = 'pg_rewrite'::regclass
                AND depend.refclassid = 'pg_class'::regclass
                AND depend.refobjid = different.attrelid
                AND depend.refobjsubid = different.attnum
                -- Its own rules are for triggers.
                AND rule.ev_class != different.attrelid
        ) AS readers
    FROM different
    LEFT JOIN pg_cast AS conversion
        ON
            different.found_type = conversion.castsource
            AND different.type = conversion.casttarget
)

SELECT
    concat(
        format('%%s.%%I is %%s, and is to be %%s', owner, attname, found_name, type_name),
        CASE
            WHEN is_identity AND found_type = 'integer'::regtype
                THEN ': every replayed upsert burns a value, and 31 bits run out'
            WHEN type = 'json'::regtype AND found_type = 'jsonb'::regtype
                THEN
                    ', which gives back what was stored; jsonb changes 1e23 and -0.0 and '
                    'refuses \u0000. The mend drops the indexes on it: json has none'
            WHEN has_no_zone THEN ': the mend takes what is there for UTC'
            WHEN type = 'timestamptz'::regtype AND is_text
                THEN ': the mend reads a time without a zone in that of its session'
            WHEN is_identity AND found_type IN ('numeric'::regtype, 'float8'::regtype)
                THEN ': the mend rounds'
        END,
        CASE
            WHEN is_reference
                THEN
                    '. It refers to rows by a number, and is to be their key: only a '
                    'person can say what becomes of it'
            WHEN NOT can_be_cast
                THEN '. No cast leads there: only a person can say what becomes of it'
            WHEN NOT is_stored_alike
                THEN '. The mend rewrites the table, which nobody can use meanwhile'
        END,
        CASE
            WHEN can_be_cast AND readers IS NOT NULL
                THEN '. The mend fails until the views on it are dropped: ' || readers
        END
    ) AS text,
    CASE
        WHEN can_be_cast
            THEN
                array(
                    SELECT format('DROP INDEX %%s;', index.indexrelid::regclass)
                    FROM pg_index AS index
                    WHERE
                        index.indrelid = difference.attrelid
                        AND difference.attnum = any(index.indkey)
                        AND difference.type = 'json'::regtype
                ) || format(
                    CASE
                        WHEN has_no_zone
                            THEN
                                'ALTER TABLE %%1$s ALTER COLUMN %%2$I TYPE %%3$s USING '
                                '%%2$I::timestamp AT TIME ZONE ''UTC'';'
                        ELSE
                            'ALTER TABLE %%1$s ALTER COLUMN %%2$I TYPE %%3$s USING '
                            '%%2$I::%%3$s;'
                    END,
                    owner,
                    attname,
                    type_name
                )
        ELSE '{}'
    END AS sql
FROM difference
ORDER BY attnum
