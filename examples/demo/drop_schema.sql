-- Remove all that a demo has made: the tables, if it was cut off, and those of yoyo.
DROP SCHEMA production_sql_demo CASCADE
