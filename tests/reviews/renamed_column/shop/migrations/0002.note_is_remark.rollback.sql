-- It is called a note again.
SET LOCAL lock_timeout = '5s';

ALTER TABLE orders RENAME COLUMN remark TO note;
