"""Queries with one mistake each, which is the name of the query."""

from pathlib import Path

from production_sql.runner import Queries

query = Queries(Path(__file__).parent / "sql")
