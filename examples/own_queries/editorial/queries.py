"""The folder of the module's SQL files."""

from pathlib import Path

from production_sql.runner import Queries

query = Queries(Path(__file__).parent / "sql")
