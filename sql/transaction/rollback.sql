-- Undo an operation of several statements that has failed, in autocommit.
ROLLBACK
