-- Triggers and rules, which make a statement do something else. They are kept, disabled.
SELECT
    format(
        '%%s: the trigger %%I acts on what the calls write',
        tgrelid::regclass,
        tgname
    ) AS text,
    ARRAY[
        format('ALTER TABLE %%s DISABLE TRIGGER %%I;', tgrelid::regclass, tgname)
    ] AS sql
FROM pg_trigger
WHERE tgrelid = %(found)s::oid AND NOT tgisinternal AND tgenabled != 'D'
UNION ALL
SELECT
    format(
        '%%s: the rule %%I makes other statements of those of the calls',
        ev_class::regclass,
        rulename
    ) AS text,
    ARRAY[
        format('ALTER TABLE %%s DISABLE RULE %%I;', ev_class::regclass, rulename)
    ] AS sql
FROM pg_rewrite
WHERE ev_class = %(found)s::oid AND ev_enabled != 'D'
ORDER BY text
