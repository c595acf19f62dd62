"""A module of somebody else's, on the same runner: own tables, SQL files and Structs."""

from pathlib import Path

from production_sql.runner import Queries

query = Queries(Path(__file__).parent / "sql")
