"""What a query must keep to, by what the server says of it."""

import re
from collections.abc import Iterator
from typing import Any, get_type_hints

import psycopg

from ..binding import is_struct
from ..stream import Stream
from .annotations import Misfit, misfit_of_column, misfit_of_parameter, name_of, takes_none
from .catalog import Catalog
from .describe import Facts, Output
from .package import Declared
from .problem import Problem
from .shapes import misfits
from .text import Text

_YOYOS = re.compile("_yoyo_|yoyo_lock")
_WAIVER = re.compile(
    r"^-- allow (scan|keep|function|utility)(?: (?:of|in) ([^:\n]+))?(:.*\S)?.*$",
    re.MULTILINE,
)
_WAIVERS = {
    "scan": "-- allow scan of TABLE",
    "keep": "-- allow keep of COLUMN",
    "function": "-- allow function in update",
    "utility": "-- allow utility of statement",
}
_NEEDLESS = {
    "scan": "{} is not scanned",
    "keep": "{} is not inserted and kept",
    "function": "there is no such function in the {}",
    "utility": "the server tells what the {} does",
}
_MEND = "Mend the statement, or the migrations."
_MENDS: dict[type[psycopg.Error], str] = {
    psycopg.errors.GeneratedAlways: "Leave it out: the server makes its value.",
    psycopg.errors.IndeterminateDatatype: "Say its type by a cast, such as ::text.",
    psycopg.errors.UndefinedColumn: "Mend the name, or add a migration that makes it.",
    psycopg.errors.UndefinedTable: "Mend the name, or add a migration that makes it.",
}


def refused(query: Declared, text: Text, error: psycopg.Error) -> Problem:
    """Return the problem that the server has with a statement."""
    if text.second is not None:
        return Problem(
            file=text.file,
            offset=text.second,
            what=f"{query.name}: there is a second statement",
            mend="Give it a file and a function of its own.",
        )
    message = error.diag.message_primary or str(error)
    position = error.diag.statement_position
    number = re.search(r"parameter \$(\d+)", message)
    place = [("parameter", int(number[1]))] if number else []
    detail = error.diag.message_hint or error.diag.message_detail
    if isinstance(error, psycopg.errors.GeneratedAlways):
        detail = None  # its hint is how to do it nevertheless
    return Problem(
        file=text.file,
        offset=text.offset(int(position) - 1) if position else text.place(*place),
        what=f"{query.name}: the server refuses it: {text.named(message)}",
        mend=text.named(detail) if detail else _MENDS.get(type(error), _MEND),
    )


def problems(
    query: Declared, text: Text, catalog: Catalog, facts: Facts
) -> Iterator[Problem]:
    """Give what is wrong with a query; what is in the catalog is of the migrations."""
    rules = _Rules(query, text, catalog, facts)
    yield from rules.parameters()
    yield from rules.columns()
    yield from rules.tables()
    yield from rules.plan()
    yield from rules.upserts()
    yield from rules.waivers()


class _Rules:
    def __init__(self, query: Declared, text: Text, catalog: Catalog, facts: Facts) -> None:
        self._query = query
        self._text = text
        self._catalog = catalog
        self._facts = facts
        self._waived = {
            (match[1], match[2] or ""): match for match in _WAIVER.finditer(text.header)
        }
        self._needed: set[tuple[str, str]] = set()

    def _is_waived(self, kind: str, name: str) -> bool:
        self._needed.add((kind, name))
        return (kind, name) in self._waived

    def _problem(self, what: str, mend: str, *places: tuple[str, str | int]) -> Problem:
        return Problem(
            file=self._text.file,
            offset=self._text.place(*places),
            what=f"{self._query.name}: {what}",
            mend=mend,
        )

    def parameters(self) -> Iterator[Problem]:
        annotations = self._query.annotations.items()
        for number, ((name, annotation), parameter) in enumerate(
            zip(annotations, self._facts.parameters, strict=True), 1
        ):
            place = ("parameter", number)
            misfit = misfit_of_parameter(annotation, parameter.type)
            if misfit is not None:
                yield self._problem(
                    f"parameter {name}: the server takes {parameter.type.name}, the "
                    f"function {name_of(annotation)}{_because(misfit)}",
                    misfit.mend,
                    place,
                )
            for column in parameter.stored:
                if takes_none(annotation) and column.is_not_null:
                    table = column.table
                    yield self._problem(
                        f"parameter {name}: it can be None, but {table}.{column.name} is "
                        "NOT NULL",
                        "Annotate it without None, or coalesce it in the SQL.",
                        place,
                    )
        for column in self._facts.missing:
            table = column.table
            yield self._problem(
                f"{table}.{column.name} is NOT NULL and is given no value",
                "Insert a value there, or give the column a default.",
                ("insert", table),
                ("table", table),
            )

    def columns(self) -> Iterator[Problem]:
        outputs = self._facts.outputs
        names = [output.name for output in outputs]
        row_type = self._query.row_type
        returns = name_of(self._query.returns)
        if row_type is None:
            if outputs:
                is_count = returns != "None"
                count = ", which is made of the row count" if is_count else ""
                example = f" (list[{returns}], for one)" if is_count else ""
                yield self._problem(
                    f"the statement gives columns ({', '.join(names)}), but the function "
                    f"returns {returns}{count}",
                    f"Return what a row is made into{example}, or leave the columns out.",
                    ("column", 1),
                    ("star", ""),
                )
            return
        if not outputs:
            yield self._problem(
                f"the statement gives no columns, but the function returns {returns}",
                "Give columns, with RETURNING for one; or return bool, int or None.",
            )
            return
        types = self._types(names[0])
        if not is_struct(row_type) and len(outputs) > 1:
            yield self._problem(
                f"the statement gives {len(outputs)} columns ({', '.join(names)}), but "
                f"{returns} takes one",
                "Return a Struct with a field for each, or leave the others out.",
                ("column", 2),
                ("star", ""),
            )
            return
        if missing := [name for name in types if name not in names]:
            yield self._problem(
                f"there is no column {', '.join(missing)}, which {self._owner()} takes",
                "Give a column of that name, or take the field out.",
            )
        for position, output in enumerate(outputs, 1):
            places = (("column", position), ("star", ""))
            if output.name in names[: position - 1]:
                yield self._problem(
                    f"column {output.name} is there twice",
                    "Call one of them otherwise, with AS.",
                    *places,
                )
            elif output.name not in types:
                yield self._problem(
                    f"column {output.name} is no field of {self._owner()}",
                    "Add the field, or leave the column out.",
                    *places,
                )
            else:
                yield from self._column(output, types[output.name], *places)

    def _owner(self) -> str:
        return name_of(self._query.row_type)

    def _types(self, only: str) -> dict[str, Any]:
        # By the names of the fields, not by those that they have in JSON.
        row_type = self._query.row_type
        if is_struct(row_type):
            return get_type_hints(row_type, include_extras=True)
        return {only: row_type}

    def _column(
        self, output: Output, annotation: Any, *places: tuple[str, str | int]
    ) -> Iterator[Problem]:
        where = (
            f"{self._owner()}.{output.name}"
            if is_struct(self._query.row_type)
            else "the result"
        )
        misfit = misfit_of_column(annotation, output.type, output.constants)
        if misfit is not None:
            yield self._problem(
                f"column {output.name}: the server gives {output.type.name}, {where} is "
                f"{name_of(annotation)}{_because(misfit)}",
                misfit.mend,
                *places,
            )
        if output.can_be_null and not takes_none(annotation):
            yield self._problem(
                f"column {output.name} can be NULL, and {where} is {name_of(annotation)}",
                "Annotate it with | None, or coalesce it in the SQL.",
                *places,
            )
        if output.shape is not None and output.type.under_name in ("json", "jsonb"):
            for found in misfits(output.shape, annotation, self._catalog, output.name):
                yield self._problem(
                    f"column {output.name}: {found}",
                    "Bring the document and the type together.",
                    *places,
                )

    def tables(self) -> Iterator[Problem]:
        facts = self._facts
        is_open = facts.is_utility and not self._text.is_transaction_control
        if is_open and not self._is_waived("utility", "statement"):
            yield self._problem(
                "the server does not tell what this statement reads, writes and locks",
                "Write SELECT, INSERT, UPDATE, DELETE or MERGE; or -- allow utility of "
                "statement: and the reason at the head of the file.",
            )
        relations = self._catalog.relations.values()
        system = {relation.name for relation in relations if relation.is_system}
        system -= {relation.name for relation in relations if not relation.is_system}
        yoyos = {name for name in {*facts.reads, *facts.writes} if _YOYOS.match(name)}
        for table in sorted(yoyos | (system & set(facts.writes))):
            yield self._problem(
                f"it touches {table}, which is not of the migrations",
                "Leave the tables of others to them.",
                ("table", table),
            )
        if isinstance(self._query, Stream):
            what, instead = "stream", "Return a list"
        elif self._query.name.rpartition(".")[2].startswith("fetch"):
            what, instead = "fetch", "Call it otherwise than fetch"
        else:
            return
        for table in facts.writes:
            yield self._problem(
                f"a {what} only reads, and this one writes {table}",
                f"{instead}, or leave the writing out.",
                ("table", table),
            )
        for table in facts.locks:
            yield self._problem(
                f"a {what} takes no lock, and this one locks rows of {table}",
                f"{instead}, or leave the FOR clause out.",
                ("table", table),
            )

    def waivers(self) -> Iterator[Problem]:
        for waiver, match in self._waived.items():
            kind, name = waiver
            what, mend = _NEEDLESS[kind].format(name), "Delete the waiver."
            if not (name and match[3]):
                what = "a waiver without a name or a reason"
                mend = f"Write {_WAIVERS[kind]}: and the reason."
            elif waiver in self._needed:
                continue
            yield Problem(
                file=self._text.file,
                offset=match.start(),
                what=f"{self._query.name}: {what}",
                mend=mend,
            )

    def plan(self) -> Iterator[Problem]:
        for table, alias in sorted(self._facts.scans.items()):
            if not self._is_waived("scan", table):
                yield self._problem(
                    f"no index serves it: all of {table} is read",
                    "Add an index, or mend the condition; or write -- allow scan of "
                    f"{table}: and the reason at the head of the file.",
                    ("alias", alias),
                    ("alias", table),
                )

    def upserts(self) -> Iterator[Problem]:
        for upsert in self._facts.upserts:
            clause = ("conflict", "")
            if not upsert.has_guard:
                yield self._problem(
                    "DO UPDATE has no WHERE: an equal row would be written again",
                    "Compare each column that is set with excluded's.",
                    clause,
                )
            elif upsert.lets_equal_through:
                yield self._problem(
                    "the WHERE of DO UPDATE is true for an equal row, which would be "
                    "written again",
                    "Compare each column with excluded's: IS DISTINCT FROM, joined by OR.",
                    clause,
                )
            else:
                for name in upsert.unguarded:
                    yield self._problem(
                        f"the WHERE of DO UPDATE is not true where {name} alone is "
                        "changed: that change would be lost",
                        f"Add OR {upsert.target}.{name} IS DISTINCT FROM excluded.{name}.",
                        ("conflict", name),
                    )
            for name in upsert.blind:
                yield self._problem(
                    f"the WHERE of DO UPDATE compares {name} by <>, which is NULL where "
                    "either is NULL: that change would be lost",
                    "Compare it by IS DISTINCT FROM, or coalesce both.",
                    ("conflict", name),
                )
            for name in upsert.not_excluded:
                yield self._problem(
                    f"DO UPDATE sets {name} to something else than excluded.{name}",
                    "Compute it in the VALUES or SELECT list: a distributed server takes "
                    "nothing else.",
                    ("conflict", name),
                )
            for name in upsert.kept:
                if not self._is_waived("keep", name):
                    yield self._problem(
                        f"{name} is inserted, and DO UPDATE does not set it: a change of "
                        "it would be lost",
                        f"Set it, and compare it; or write -- allow keep of {name}: and "
                        "the reason at the head of the file.",
                        clause,
                    )
            if upsert.has_subquery:
                yield self._problem(
                    "there is a subquery in DO UPDATE",
                    "Compute it in the SELECT list: a distributed server takes none there.",
                    clause,
                )
            if upsert.has_function and not self._is_waived("function", "update"):
                yield self._problem(
                    "there is a function in DO UPDATE that is not immutable",
                    "Call now() and its like in the VALUES or SELECT list: a distributed "
                    "server (Citus) takes none there; or write -- allow function in "
                    "update: and the reason at the head of the file.",
                    clause,
                )


def _because(misfit: Misfit) -> str:
    return f": {misfit.why}" if misfit.why else ""
