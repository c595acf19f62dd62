-- One order, with the name of its customer.
SELECT
    orders.order_id,
    customers.name AS customer,
    orders.remark AS note
FROM orders
INNER JOIN customers ON orders.customer_id = customers.customer_id
WHERE orders.order_id = %(order_id)s
