-- All notes, the first stored first.
-- allow scan of editorial_notes: all of it is wanted.
SELECT
    note_id,
    draft_id,
    author,
    remark,
    is_open
FROM editorial_notes
ORDER BY id
