-- A function of which the server keeps the body as a tree, when it has analysed it.
CREATE FUNCTION production_sql_checked({parameters}) RETURNS {result}
LANGUAGE sql BEGIN ATOMIC {statement}
; END
