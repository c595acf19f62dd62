-- A list of Structs, back from the server.
SELECT
    lines.number,
    lines.text,
    lines.marks::json AS marks,
    lines.when
FROM
    json_to_recordset(%(lines)s)
        AS lines (number bigint, text text, marks text, "when" timestamptz)
ORDER BY lines.number
