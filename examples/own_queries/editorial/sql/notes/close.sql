-- Close the open notes on a draft.
UPDATE editorial_notes
SET is_open = FALSE
WHERE draft_id = %(draft_id)s AND is_open
