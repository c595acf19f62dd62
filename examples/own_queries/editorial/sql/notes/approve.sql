-- Approve a draft. The approval that is there stays as it is.
INSERT INTO editorial_approvals (draft_id, editor, approved_at)
VALUES (%(draft_id)s, %(editor)s, statement_timestamp())
ON CONFLICT (draft_id) DO NOTHING
