"""What is kept of a query beside its SQL, for a reviewer to see in a diff."""

import inspect
import re
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args, get_type_hints

from ..binding import is_struct
from .annotations import name_of
from .describe import Facts
from .package import Declared
from .problem import Problem

_MEND = "Look at what has changed, run check --write, and commit it with the SQL."


def path(file: Path) -> Path:
    """Return where the contract of a SQL file is."""
    return file.with_suffix(".contract")


def declared(query: Declared) -> str:
    """Return the section of a contract that takes no server."""
    annotations: Any = query.annotations
    lines = [
        f"{query.name}{_signature(query)}",
        f"sha256 {sha256(query.statement).hexdigest()}",
        *re.findall("^-- (allow .*)$", query.file.read_text("utf-8-sig"), re.MULTILINE),
        *(f"takes {name}: {name_of(hint)}" for name, hint in annotations.items()),
    ]
    if is_struct(query.row_type):
        made = get_type_hints(query.row_type, include_extras=True)
        names = query.row_type.__struct_fields__
        lines += [f"makes {name}: {name_of(made[name])}" for name in names]
    seen: set[Any] = set()
    for hint in (*annotations.values(), query.row_type):
        lines += _within(hint, seen, is_told=hint is query.row_type)
    return "\n".join(lines)


def _within(hint: Any, seen: set[Any], *, is_told: bool = False) -> Iterator[str]:
    """Give the fields and members of the types that a type is made of."""
    for inner in get_args(hint):
        yield from _within(inner, seen)
    if isinstance(hint, type) and hint not in seen:
        seen.add(hint)
        if is_struct(hint):
            fields = get_type_hints(hint, include_extras=True)
            for name in hint.__struct_fields__:
                if not is_told:
                    yield f"{hint.__name__}.{name}: {name_of(fields[name])}"
                yield from _within(fields[name], seen)
        elif issubclass(hint, Enum):
            yield f"{hint.__name__}: {', '.join(repr(each.value) for each in hint)}"


def _signature(query: Declared) -> str:
    function: Any = query
    hints = get_type_hints(function.__wrapped__, include_extras=True)
    returns = name_of(hints.pop("return"))
    defaults = {
        name: f" = {parameter.default!r}"
        for name, parameter in inspect.signature(function.__wrapped__).parameters.items()
        if parameter.default is not parameter.empty
    }
    parameters = [
        f"{name}: {name_of(hint)}{defaults.get(name, '')}" for name, hint in hints.items()
    ]
    return f"({', '.join(parameters)}) -> {returns}"


def found(query: Declared, facts: Facts, version: int) -> list[str]:
    """Return the sections of a contract that a server tells: what it does, and its plan."""
    lines: list[str] = []
    for name, parameter in zip(query.annotations, facts.parameters, strict=True):
        columns = [f"{column.name}{_null(column)}" for column in parameter.stored]
        into = f" into {', '.join(columns)}" if columns else ""
        lines.append(f"parameter {name} {parameter.type.name}{into}")
    for output in facts.outputs:
        null = "" if output.can_be_null else " not null"
        lines.append(f"column {output.name} {output.type.name}{null}")
    lines += [f"reads {table}" for table in facts.reads]
    lines += [f"writes {table}" for table in facts.writes]
    lines += [f"locks rows of {table}" for table in facts.locks]
    plan = [_title(version), *(f"  {line}" for line in facts.plan)] if facts.plan else []
    return ["\n".join(section) for section in (lines, plan) if section]


def _null(column: Any) -> str:
    return " not null" if column.is_not_null else ""


def _title(version: int) -> str:
    return f"plan of PostgreSQL {version}"


def check(
    query: Declared, sections: Sequence[str], version: int | None, *, write: bool
) -> Iterator[Problem]:
    """Compare a contract with its first sections, or write it.

    Without a version only what is declared is compared, and the plan only if the contract
    has it of that version.
    """
    file = path(query.file)
    old = file.read_text("utf-8", "replace") if file.exists() else None
    new = "\n\n".join(sections) + "\n"
    if write:
        if old != new:
            file.write_text(new, "utf-8", newline="\n")
        return
    if old is None:
        yield Problem(file=file, what="there is no contract", mend=_MEND)
        return
    compared = old.rstrip("\n").split("\n\n")
    has_plan = compared[-1].startswith("plan of PostgreSQL ")
    if version is None:
        compared = compared[:1]
    elif has_plan and not compared[-1].startswith(f"{_title(version)}\n"):
        compared, new = compared[:-1], "\n\n".join(sections[:2]) + "\n"
    if (was := "\n\n".join(compared) + "\n") != new:
        yield stale(file, was, new)


def stale(file: Path, old: str, new: str) -> Problem:
    """Return the problem that a file says what is not so."""
    lines = unified_diff(old.splitlines(), new.splitlines(), "kept", "found", lineterm="")
    return Problem(
        file=file, what="it is not what is found now", detail="\n".join(lines), mend=_MEND
    )


def orphans(folders: Sequence[Path]) -> Iterator[Problem]:
    """Give the contracts of which the SQL file is gone."""
    for folder in folders:
        for file in sorted(folder.rglob("*.contract")):
            if not file.with_suffix(".sql").exists():
                yield Problem(
                    file=file,
                    what="there is no SQL file to it",
                    mend="Delete the contract.",
                )
