"""A host of somebody else's, whose changes are reviewed."""

from pathlib import Path

from production_sql.runner import Queries

query = Queries(Path(__file__).parent / "sql")
