-- A list of Structs, back from the server.
SELECT
    number,
    text,
    marks::json AS marks,
    "when"
FROM
    json_to_recordset(%(lines)s)
        AS lines (number bigint, text text, marks text, "when" timestamptz)
ORDER BY number
