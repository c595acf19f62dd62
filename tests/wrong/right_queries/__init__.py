"""What is right, of each kind that is wrong in wrong_queries, and what looks like it."""

from pathlib import Path

from production_sql.runner import Queries

query = Queries(Path(__file__).parent / "sql")
