-- Wait for another load into this schema's drafts, to the end of its transaction: a load
-- keeps its locks from batch to batch, and two of them with the same drafts could wait for
-- each other.
SELECT FROM pg_advisory_xact_lock(
    hashtext('production_sql.drafts'), hashtext(current_schema())
)
