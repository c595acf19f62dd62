-- The highest of no numbers.
SELECT max(number.value)
FROM generate_series(1, 0) AS number (value)
