-- What is copied in, until the transaction ends.
CREATE TEMPORARY TABLE incoming (
    draft_id text NOT NULL,
    strategy_id text NOT NULL,
    content_type text NOT NULL,
    body text NOT NULL,
    metadata json NOT NULL,
    created_at timestamptz NOT NULL
) ON COMMIT DROP
