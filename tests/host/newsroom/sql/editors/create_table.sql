-- The editors of drafts.
CREATE TABLE newsroom_editors (
    draft_id text PRIMARY KEY,
    name text NOT NULL
)
