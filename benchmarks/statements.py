"""The benchmark's own SQL files; and the package's, for who takes hand-written SQL."""

import re
from pathlib import Path

from production_sql.files import folder

_PARAMETER = re.compile(r"%\((\w+)\)s")


def own(name: str) -> str:
    """Return the text of a file of the benchmark's own."""
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text()


def same(name: str) -> str:
    """Return the package's statement of a name such as ``drafts/fetch``.

    Without its comments: with them the longest would not be kept in psycopg's cache of
    parsed statements.
    """
    text = (folder("sql") / f"{name}.sql").read_text()
    return re.sub(r"^ *--.*\n", "", text, flags=re.MULTILINE)


def parameters(statement: str) -> list[str]:
    """Return the names of a statement's parameters, in the order they first appear."""
    return list(dict.fromkeys(_PARAMETER.findall(statement)))


def with_colons(statement: str) -> str:
    """Return a statement with its parameters as ``:name``."""
    return _PARAMETER.sub(r":\1", statement)


def with_numbers(statement: str) -> str:
    """Return a statement with its parameters as ``$1``, in the order of parameters()."""
    names = parameters(statement)
    return _PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", statement)
