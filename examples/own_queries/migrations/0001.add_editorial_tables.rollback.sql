-- Drops the editors' tables and all that is in them; those of production_sql stay.

SET LOCAL lock_timeout = '5s';

DROP TABLE editorial_approvals;

DROP TABLE editorial_notes;
