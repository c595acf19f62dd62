"""Where in a file something stands that the server or the parser speaks of."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pglast
from pglast.parser import ParseError
from pglast.visitors import Visitor

from ..statement import Placeholders

_HEADER = re.compile(r"(?:\s*--[^\n]*\n)*\s*")


class Text:
    """A file's statement, its placeholders numbered, and as wide as the named ones."""

    def __init__(self, file: Path) -> None:
        self.file = file
        written = file.read_text("utf-8-sig")
        match = _HEADER.match(written)
        self.header = match[0] if match else ""
        body = written[len(self.header) :].rstrip()
        numbers = Placeholders()
        str(body % numbers)
        self.placeholders = list(numbers)
        wide = {name: number.ljust(len(name) + 4) for name, number in numbers.items()}
        # One by one, since each %% is a character less than in the file.
        parts = [part % wide for part in body.split("%%")]
        self.statement = self.header + "%".join(parts)
        self._doubled = [
            len(self.header) + found.start() for found in re.finditer("%%", body)
        ]
        self._found: dict[tuple[str, str | int], int] = {}
        self.is_transaction_control = False
        self.second: int | None = None
        """Where a second statement is, if there is one."""
        try:
            first, *others = cast("Any", pglast.parse_sql(self.statement))
        except ParseError:
            return  # the server tells; or it knows what this parser does not
        self._found = _places(first)
        self.is_transaction_control = type(first.stmt).__name__ == "TransactionStmt"
        if others:
            self.second = self.offset(others[0].stmt_location)
        elif first.stmt_len:  # or else there is no semicolon after it
            self.statement = self.statement[: first.stmt_location + first.stmt_len]

    def offset(self, position: int) -> int:
        """Return where in the file a character of the statement is."""
        for doubled in self._doubled:
            if doubled < position:
                position += 1
        return position

    def place(self, *candidates: tuple[str, str | int]) -> int:
        """Return where the first of these is that there is, or else the statement."""
        for candidate in candidates:
            if candidate in self._found:
                return self.offset(self._found[candidate])
        return len(self.header)

    def named(self, message: str) -> str:
        """Return a message with the placeholders as they are in the file."""

        def name(number: re.Match[str]) -> str:
            index = int(number[1]) - 1
            is_one = 0 <= index < len(self.placeholders)
            return f"%({self.placeholders[index]})s" if is_one else number[0]

        return re.sub(r"\$(\d+)", name, message)


def _places(raw: Any) -> dict[tuple[str, str | int], int]:
    places = _Places()
    places(raw)
    final = raw.stmt
    while getattr(final, "larg", None):
        final = final.larg
    targets = getattr(final, "targetList", None)
    if type(final).__name__ != "SelectStmt":
        returning = getattr(final, "returningClause", None)
        targets = returning.exprs if returning else getattr(final, "returningList", None)
    for position, target in enumerate(targets or (), 1):
        name = getattr(target.val, "fields", (None,))[-1]
        if type(name).__name__ == "A_Star":
            places.mark("star", "", target)  # the positions after it are the server's
            break
        places.mark("column", position, target)
    for alias, count in places.aliases.items():
        if count > 1:  # which of them is meant is not told
            places.found.pop(("alias", alias), None)
    return places.found


class _Places(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[tuple[str, str | int], int] = {}
        self.aliases: Counter[str] = Counter()

    def mark(self, kind: str, name: str | int, node: Any) -> None:
        """Keep where the first of these nodes is."""
        if node.location is not None:
            place = self.found.setdefault((kind, name), node.location)
            self.found[kind, name] = min(place, node.location)

    def visit_ParamRef(self, _ancestors: Any, node: Any) -> None:  # noqa: N802
        self.mark("parameter", node.number, node)

    def visit_RangeVar(self, _ancestors: Any, node: Any) -> None:  # noqa: N802
        self.mark("table", node.relname, node)
        alias = node.alias.aliasname if node.alias else node.relname
        self.aliases[alias] += 1
        self.mark("alias", alias, node)

    def visit_InsertStmt(self, _ancestors: Any, node: Any) -> None:  # noqa: N802
        self.mark("insert", node.relation.relname, node.relation)

    def visit_OnConflictClause(self, _ancestors: Any, node: Any) -> None:  # noqa: N802
        self.mark("conflict", "", node)
        for target in node.targetList or ():
            self.mark("conflict", target.name, target)
