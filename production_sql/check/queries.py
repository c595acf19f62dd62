"""The checker's own queries, on the same runner."""

from pathlib import Path

from ..runner import Queries

query = Queries(Path(__file__).parent / "sql")
