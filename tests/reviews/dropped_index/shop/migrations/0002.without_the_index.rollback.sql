-- The index again.
SET LOCAL lock_timeout = '5s';

CREATE INDEX ix_orders_customer_id ON orders (customer_id, order_id);
