-- Forget the savepoint of an operation; what it wrote is the caller's to commit.
RELEASE SAVEPOINT production_sql
