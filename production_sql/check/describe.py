"""What a server says of one statement."""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from msgspec import Struct, field
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import ExecStatus
from psycopg.sql import SQL

from ..throwaway.databases import as_sql
from . import nodes, plan
from .catalog import Catalog, Column, DataType
from .effects import Upsert, assignments, effects, missing, parameters, upserts
from .nullability import Nullability
from .queries import query
from .scope import Scope
from .server import template
from .shapes import Shape, constants, shape


class Parameter(Struct, frozen=True, kw_only=True):
    """A parameter: its type, and the columns that its value is stored in."""

    type: DataType
    can_be_null: bool
    stored: list[Column]


class Output(Struct, frozen=True, kw_only=True):
    """A column of the result, and what the statement's tree tells of its values."""

    name: str
    type: DataType
    can_be_null: bool
    shape: Shape | None
    constants: set[str] | None


class Facts(Struct, frozen=True, kw_only=True):
    """All that the server says of a statement; relations by their names."""

    parameters: list[Parameter]
    outputs: list[Output]
    is_utility: bool = False
    """A statement that is not analysed before it is run."""
    reads: list[str] = field(default_factory=list[str])
    writes: list[str] = field(default_factory=list[str])
    locks: list[str] = field(default_factory=list[str])
    plan: list[str] = field(default_factory=list[str])
    scans: dict[str, str] = field(default_factory=dict[str, str])
    """Of each table that is read from end to end, the alias in the plan."""
    upserts: list[Upsert] = field(default_factory=list[Upsert])
    missing: list[Column] = field(default_factory=list[Column])


@query
def tree() -> str:
    """Return the text of the tree of the statement that was kept."""
    ...


def connect(dsn: str) -> Connection[Any]:
    """Return a session in which a plan scans a table only where it must."""
    settings = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
    given = conninfo_to_dict(dsn).get("options", "")
    options = " ".join([str(given), *(f"-c {setting}=off" for setting in settings)])
    return psycopg.connect(dsn, autocommit=True, options=options)


def describe(
    conn: Connection[Any], catalog: Catalog, statement: str, optional: Sequence[bool]
) -> Facts:
    """Return what the server says of a statement with $1, $2 and so on.

    optional tells of each parameter if it can be NULL. Raises the server's errors; the
    position in them is one in the statement.
    """
    types, columns = _described(conn, statement)
    given = [
        Parameter(type=catalog.types[oid], can_be_null=can_be_null, stored=[])
        for oid, can_be_null in zip(types, optional, strict=True)
    ]
    named = [(name, catalog.types[oid]) for name, oid in columns]
    root = _tree(conn, statement, given, has_columns=bool(columns))
    if root is None:
        outputs = [
            Output(name=name, type=type_, can_be_null=True, shape=None, constants=None)
            for name, type_ in named
        ]
        return Facts(parameters=given, outputs=outputs, is_utility=True)
    scope = Scope(catalog, root, None, dict(enumerate(optional, 1)))
    without = list(missing(scope))
    for assignment in assignments(scope):
        value = assignment.expression
        if value.kind == "CONST" and value.flag("constisnull"):
            without.append(assignment.column)
        for number in parameters(assignment.scope, value):
            if assignment.column not in given[number - 1].stored:
                given[number - 1].stored.append(assignment.column)
    found = effects(scope)
    top = _explained(conn, statement)
    scanned = plan.scanned(top, catalog.first_columns)
    touched = found.reads | found.writes
    # What the system's tables hold changes from server to server, and plans with it.
    own = {oid for oid in touched if not catalog.relations[oid].is_system}
    # A plan names the partitions, where the statement names the table.
    own_names = {
        catalog.relations[oid].unqualified: catalog.relations[oid].name for oid in own
    }
    named_scans = [(_named(catalog, name, own_names), alias) for name, alias in scanned]
    return Facts(
        parameters=given,
        outputs=[
            _output(scope, position, name, type_)
            for position, (name, type_) in enumerate(named, 1)
        ],
        reads=_names(catalog, found.reads),
        writes=_names(catalog, found.writes),
        locks=_names(catalog, found.locks),
        plan=list(plan.lines(top)) if own == touched else [],
        scans={name: alias for name, alias in named_scans if name is not None},
        upserts=list(upserts(scope)),
        missing=[column for column in without if column.is_not_null],
    )


def _described(
    conn: Connection[Any], statement: str
) -> tuple[list[int], list[tuple[str, int]]]:
    """Return the oids of the parameters' types, and the result's columns with theirs."""
    result = conn.pgconn.prepare(b"", statement.encode())
    if result.status == ExecStatus.COMMAND_OK:
        result = conn.pgconn.describe_prepared(b"")
    if result.status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(result, conn.info.encoding)
    types = [result.param_type(index) for index in range(result.nparams)]
    columns = range(result.nfields)
    return types, [
        ((result.fname(index) or b"").decode(), result.ftype(index)) for index in columns
    ]


def _tree(
    conn: Connection[Any], statement: str, given: list[Parameter], *, has_columns: bool
) -> nodes.Node | None:
    """Return the statement as the server has analysed it, or None for a utility's."""
    keep = template(
        "keep",
        parameters=SQL(", ").join(as_sql(parameter.type.name) for parameter in given),
        result=as_sql("SETOF record" if has_columns else "void"),
        statement=as_sql(statement),
    )
    with conn.transaction(force_rollback=True):
        try:
            with conn.transaction():
                conn.execute(keep)
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.SyntaxError):
            # The statement was found to be right before: it is one that no function has.
            return None
        root: nodes.Node = nodes.read(tree(conn))[0][0]
        return root


def _explained(conn: Connection[Any], statement: str) -> plan.Node:
    explain = template("explain", statement=as_sql(statement))
    row = conn.execute(explain).fetchone()
    assert row is not None
    top: plan.Node = row[0][0]["Plan"]
    return top


def _output(scope: Scope, position: int, name: str, data_type: DataType) -> Output:
    nullability = Nullability()
    expressions = scope.outputs(position)
    texts = [constants(*expression) for expression in expressions]
    known = [text for text in texts if text is not None]
    return Output(
        name=name,
        type=data_type,
        can_be_null=nullability.of_output(scope, position),
        shape=shape(*expressions[0], nullability) if len(expressions) == 1 else None,
        constants=set[str]().union(*known) if len(known) == len(texts) else None,
    )


def _names(catalog: Catalog, oids: Iterable[int]) -> list[str]:
    return sorted({catalog.relations[oid].name for oid in oids})


def _named(catalog: Catalog, scanned: str, own_names: dict[str, str]) -> str | None:
    """Return what the statement calls a table of the plan, or None for none of its own."""
    name: str | None = scanned
    while name is not None and name not in own_names:
        name = catalog.parents.get(name)
    return None if name is None else own_names[name]
