-- The roles of a host that uses the tables, to be granted to its login roles. For the owner
-- of the tables, and by a role that may create roles, with the schema of the tables first
-- in the search_path. In any other schema than public they need USAGE on it, too. Before
-- PostgreSQL 15 everybody may create tables in public, until the owner of the database says
-- REVOKE CREATE ON SCHEMA public FROM PUBLIC. Roles are there for all databases and schemas
-- of a server: from the second one on the CREATE ROLE are left out.

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
