-- An editor for a draft.
INSERT INTO newsroom_editors (draft_id, name)
VALUES (%(draft_id)s, %(name)s)
