-- A note to an order is called a remark.
SET LOCAL lock_timeout = '5s';

ALTER TABLE orders RENAME COLUMN note TO remark;
