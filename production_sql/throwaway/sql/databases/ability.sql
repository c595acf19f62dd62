-- Whether the role may make databases, and whether the server waits for no disk.
SELECT
    rolname AS role,
    coalesce(rolcreatedb OR rolsuper, FALSE) AS can_create,
    current_setting('fsync') = 'off' AS is_volatile
FROM pg_roles
WHERE rolname = current_user
