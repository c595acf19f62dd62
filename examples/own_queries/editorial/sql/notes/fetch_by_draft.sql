-- A page of the notes on a draft, the first stored first.
SELECT
    note_id,
    draft_id,
    author,
    remark,
    is_open
FROM editorial_notes
WHERE
    draft_id = %(draft_id)s
    -- Evaluated once, before the scan, and a bound of the index range; NULL, and so no
    -- rows, if there is no such note.
    AND id > CASE
        WHEN %(after)s::text IS NULL THEN 0
        ELSE (
            SELECT seen.id FROM editorial_notes AS seen
            WHERE seen.note_id = %(after)s AND seen.draft_id = %(draft_id)s
        )
    END
ORDER BY id
LIMIT %(limit)s
