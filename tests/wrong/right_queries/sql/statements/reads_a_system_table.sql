SELECT typname::text
FROM pg_type
