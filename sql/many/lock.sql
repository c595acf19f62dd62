-- Wait for another load into these tables, to the end of its transaction: a load keeps its
-- locks from batch to batch, and two of them with the same ids could wait for each other.
-- One lock is for drafts and bundles, so that loads of both in one transaction may come in
-- any order.
SELECT FROM pg_advisory_xact_lock(
    -- Of the tables, which sessions of another search_path may find too.
    hashtext('production_sql.many'), 'production_drafts'::regclass::int
)
