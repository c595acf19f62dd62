-- A note by its id.
SELECT
    note_id,
    draft_id,
    author,
    remark,
    is_open
FROM editorial_notes
WHERE note_id = %(note_id)s
