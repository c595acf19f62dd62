-- Make room for a demo, apart from whatever else is in the database.
-- allow utility of statement: it is for the demo's own schema.
CREATE SCHEMA production_sql_demo
