"""An application that keeps its drafts and bundles by production_sql."""
