-- Customers and their orders.
SET LOCAL lock_timeout = '5s';

CREATE TABLE customers (
    customer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE orders (
    order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL,
    note text NOT NULL
);

CREATE INDEX ix_orders_customer_id ON orders (customer_id, order_id);
