-- Make room for a demo, apart from whatever else is in the database.
CREATE SCHEMA production_sql_demo
