-- The editor of a draft.
SELECT
    draft_id,
    name
FROM newsroom_editors
WHERE draft_id = %(draft_id)s
