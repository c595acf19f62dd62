-- The index is large, and seemed to be of no use.
SET LOCAL lock_timeout = '5s';

DROP INDEX ix_orders_customer_id;
