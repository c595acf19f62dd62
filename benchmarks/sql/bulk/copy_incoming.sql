-- The rows, in PostgreSQL's own binary format.
COPY incoming (draft_id, strategy_id, content_type, body, metadata, created_at)
FROM STDIN (FORMAT BINARY)
