-- Open the transaction of an operation of several statements, in autocommit.
BEGIN
