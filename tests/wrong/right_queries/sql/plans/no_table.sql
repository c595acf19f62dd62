SELECT number
FROM generate_series(1, 10) AS given (number)
