-- Arrays, one of them empty.
SELECT string_to_array(list.elements, ',')
FROM (VALUES (1, 'a,b'), (2, '')) AS list (number, elements)
ORDER BY list.number
