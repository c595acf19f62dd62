"""Where the package's SQL files and migrations are, in a wheel and in a checkout."""

from pathlib import Path

from .runner import Queries


def folder(name: str) -> Path:
    """Return a folder that a wheel has inside the package, and a checkout beside it."""
    inside = Path(__file__).parent / name
    return inside if inside.is_dir() else inside.parents[1] / name


query = Queries(folder("sql"))
