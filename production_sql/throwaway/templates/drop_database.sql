-- The sessions in it are those of what it was made for, which is over.
DROP DATABASE IF EXISTS {database} WITH (FORCE)
