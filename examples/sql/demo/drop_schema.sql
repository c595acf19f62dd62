-- Remove all that a demo has made: the tables, if it was cut off, and those of yoyo.
-- allow utility of statement: it is for the demo's own schema.
DROP SCHEMA production_sql_demo CASCADE
