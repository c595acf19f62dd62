-- The roles of a host, to be granted to its login roles: the owner to that which migrates,
-- the writer to that of the module that makes this package's calls, and the reader to those
-- of other modules. To be run by a superuser, once the tables are there, with their schema
-- first in the search_path. In any other schema than public the three need USAGE on it,
-- too. Before PostgreSQL 15 everybody may create tables in public, until a superuser says
-- REVOKE CREATE ON SCHEMA public FROM PUBLIC. Roles are there for all databases and schemas
-- of a server: from the second one on the CREATE ROLE are left out. So they are after a
-- rollback of the migrations, with which the rights go.

-- Has the tables, and yoyo's, and migrates them: a member connects with the option
-- -crole=production_owner, so that what a migration creates is the owner's too. For that it
-- needs CREATE on the schema.
CREATE ROLE production_owner NOLOGIN;
ALTER TABLE production_drafts OWNER TO production_owner;
ALTER TABLE production_bundles OWNER TO production_owner;
ALTER TABLE production_bundle_assets OWNER TO production_owner;
ALTER TABLE _yoyo_migration OWNER TO production_owner;
ALTER TABLE _yoyo_log OWNER TO production_owner;
ALTER TABLE _yoyo_version OWNER TO production_owner;
ALTER TABLE yoyo_lock OWNER TO production_owner;

-- May make every call, and neither change the tables nor see any other.
CREATE ROLE production_writer NOLOGIN;
GRANT SELECT, INSERT, UPDATE, DELETE
ON production_drafts, production_bundles, production_bundle_assets
TO production_writer;
-- Not for the other two: an identity column takes its values without a right.
GRANT USAGE ON SEQUENCE production_bundle_assets_id_seq TO production_writer;

-- May fetch, and write nothing.
CREATE ROLE production_reader NOLOGIN;
GRANT SELECT
ON production_drafts, production_bundles, production_bundle_assets
TO production_reader;
