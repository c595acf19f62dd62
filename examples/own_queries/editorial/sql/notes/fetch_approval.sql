-- The approval of a draft.
SELECT
    draft_id,
    editor,
    approved_at
FROM editorial_approvals
WHERE draft_id = %(draft_id)s
