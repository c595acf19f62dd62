-- The first change of a page after this writes all of the page to the WAL: whoever is
-- measured after it starts alike.
CHECKPOINT
