-- The sessions in it are those of the check, which is over.
DROP DATABASE IF EXISTS {database} WITH (FORCE)
