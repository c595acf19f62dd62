-- The notes of editors on drafts, and their approvals. A draft is named by its draft_id, a
-- logical key: production_sql owns the drafts, and no foreign key ties its tables to these.
-- So there is no order between the two modules' migrations, either, and no "depends".

SET LOCAL lock_timeout = '5s';

CREATE TABLE editorial_notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    note_id text NOT NULL,
    draft_id text NOT NULL,
    author text NOT NULL,
    remark text NOT NULL,
    is_open boolean NOT NULL DEFAULT TRUE,
    CONSTRAINT uq_editorial_notes_note_id UNIQUE (note_id)
);

-- A page of a draft's notes is one range of this index.
CREATE INDEX ix_editorial_notes_draft_id ON editorial_notes (draft_id, id);

CREATE TABLE editorial_approvals (
    draft_id text PRIMARY KEY,
    editor text NOT NULL,
    approved_at timestamptz NOT NULL
);
