"""Drafts and bundles over HTTP: an example of a service on production_sql."""
