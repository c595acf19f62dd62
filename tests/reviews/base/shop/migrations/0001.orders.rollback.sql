-- Drops both tables.
SET LOCAL lock_timeout = '5s';

DROP TABLE orders;

DROP TABLE customers;
