-- Wait for another load into this schema, to the end of its transaction: a load keeps its
-- locks from batch to batch, and two of them with the same ids could wait for each other.
-- One lock is for drafts and bundles, so that loads of both in one transaction may come in
-- any order.
SELECT FROM pg_advisory_xact_lock(
    hashtext('production_sql.many'), hashtext(current_schema())
)
