-- allow scan of _yoyo_migration: there are few.
SELECT migration_hash
FROM _yoyo_migration
