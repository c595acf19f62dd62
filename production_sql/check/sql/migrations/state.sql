-- What a statement of a migration can change about the relations that are there, as far as
-- this transaction sees it. Not those of the server, nor yoyo's own. Only tables are
-- rewritten or read from end to end: of an index the same counter counts look-ups.
SELECT
    current_setting('lock_timeout') <> '0' AS has_lock_timeout,
    (
        SELECT
            coalesce(json_object_agg(
                c.oid,
                json_build_object(
                    'name', c.oid::regclass::text,
                    'columns',
                    (
                        SELECT
                            coalesce(json_object_agg(
                                a.attnum,
                                CASE
                                    WHEN
                                        a.attnotnull
                                        AND NOT a.atthasdef
                                        AND a.attidentity = ''
                                        AND t.typdefault IS NULL
                                        THEN a.attname
                                END
                            ), '{}')
                        FROM pg_attribute AS a
                        INNER JOIN pg_type AS t ON a.atttypid = t.oid
                        WHERE
                            a.attrelid = c.oid
                            AND a.attnum > 0
                            AND NOT a.attisdropped
                            AND c.relkind IN ('r', 'p')
                    ),
                    'filenode',
                    CASE
                        WHEN c.relkind IN ('r', 'm')
                            THEN pg_relation_filenode(c.oid)::bigint
                    END,
                    'scans',
                    CASE
                        WHEN c.relkind IN ('r', 'm')
                            THEN pg_stat_get_xact_numscans(c.oid)
                    END
                )
            ), '{}')
        FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        WHERE
            n.nspname !~ '^(pg_|information_schema$)'
            AND c.relname !~ '^(_yoyo_|yoyo_lock)'
    ) AS relations,
    (
        -- AccessExclusiveLock is what the documentation calls ACCESS EXCLUSIVE. Every read
        -- takes ACCESS SHARE, which nothing but that waits for.
        SELECT
            coalesce(json_agg(json_build_object(
                'relation', l.relation::bigint,
                'mode',
                upper(regexp_replace(
                    regexp_replace(l.mode, 'Lock$', ''), '([a-z])([A-Z])', '\1 \2', 'g'
                ))
            )), '[]')
        FROM pg_locks AS l
        WHERE
            l.pid = pg_backend_pid()
            AND l.locktype = 'relation'
            AND l.relation IS NOT NULL
            AND l.mode <> 'AccessShareLock'
    ) AS locks
