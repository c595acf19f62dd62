-- One order, with the name of its customer if that is still there.
SELECT
    orders.order_id,
    customers.name AS customer,
    orders.note
FROM orders
LEFT JOIN customers ON orders.customer_id = customers.customer_id
WHERE orders.order_id = %(order_id)s
