"""The benchmark's own SQL files; and the package's, for who takes hand-written SQL."""

import re
from pathlib import Path
from typing import Any, LiteralString

from production_sql.files import folder

_FOLDER = Path(__file__).parent / "sql"
_PARAMETER = re.compile(r"%\((\w+)\)s")


def own(name: str) -> LiteralString:
    """Return the text of a file of the benchmark's own."""
    return _trusted((_FOLDER / f"{name}.sql").read_text())


def same(name: str) -> LiteralString:
    """Return the package's statement of a name such as ``drafts/fetch``.

    Without its comments, with which more of them would be too long for psycopg's cache of
    parsed statements.
    """
    text = (folder("sql") / f"{name}.sql").read_text()
    return _trusted(re.sub(r"^ *--.*\n", "", text, flags=re.MULTILINE))


def _trusted(text: Any) -> LiteralString:
    # To a type checker psycopg takes no text that could come from outside.
    statement: LiteralString = text
    return statement


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
