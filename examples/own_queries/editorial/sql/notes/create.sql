-- Insert a note. No row is inserted if the note_id is taken.
INSERT INTO editorial_notes (note_id, draft_id, author, remark, is_open)
VALUES (%(note_id)s, %(draft_id)s, %(author)s, %(remark)s, %(is_open)s)
-- DO NOTHING, where a unique violation would abort the caller's transaction.
ON CONFLICT (note_id) DO NOTHING
