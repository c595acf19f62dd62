-- Undo an operation that has failed within the caller's transaction.
ROLLBACK TO SAVEPOINT production_sql
