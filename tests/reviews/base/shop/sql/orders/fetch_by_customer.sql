-- The ids of a customer's orders, the first one first.
SELECT order_id
FROM orders
WHERE customer_id = %(customer_id)s
ORDER BY order_id
