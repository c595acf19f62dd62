"""Which tables a statement reads, writes and locks, and where its parameters go."""

from collections.abc import Iterator

from msgspec import Struct

from .catalog import Column
from .nodes import Node
from .nullability import Nullability
from .scope import INSERT, RELATION, UPDATE, Scope, Stored

_COERCIONS = {
    "ARRAYCOERCEEXPR",
    "COERCETODOMAIN",
    "COERCEVIAIO",
    "COLLATEEXPR",
    "RELABELTYPE",
}
_CASTS = (1, 2)  # how a FUNCEXPR was written
_MULTIEXPR = "3"  # one of the several that a subquery gives


class Effects(Struct, frozen=True, kw_only=True):
    """The oids of the relations that a statement touches."""

    reads: set[int]
    writes: set[int]
    locks: set[int]


def scopes(scope: Scope) -> Iterator[Scope]:
    """Give the scope of a query and those of all queries within it."""
    yield scope
    stack: list[object] = list(scope.query.values())
    while stack:
        value = stack.pop()
        if isinstance(value, Node) and value.kind == "QUERY":
            yield from scopes(scope.within(value))
        elif isinstance(value, Node):
            stack += value.values()
        elif isinstance(value, list):
            stack += value  # pyright: ignore[reportUnknownArgumentType]


def effects(scope: Scope) -> Effects:
    """Return what a statement reads, writes and locks; a view stands for its tables."""
    found = Effects(reads=set(), writes=set(), locks=set())
    for inner in scopes(scope):
        query = inner.query
        conflict = query["onConflict"]
        excluded = conflict.number("exclRelIndex") if conflict is not None else 0
        locked = {mark.number("rti") for mark in query.nodes("rowMarks")}
        for index, entry in enumerate(query.nodes("rtable"), 1):
            if entry.number("rtekind") != RELATION or index == excluded:
                continue
            is_target = index == query.number("resultRelation")
            for relation in _tables(inner, entry.number("relid")):
                (found.writes if is_target else found.reads).add(relation)
                if index in locked:
                    found.locks.add(relation)
    return found


def _tables(scope: Scope, relation: int) -> set[int]:
    view = scope.catalog.views.get(relation)
    if view is None:
        return {relation}
    of_view = effects(Scope(scope.catalog, view))
    return of_view.reads | of_view.writes


def parameters(
    scope: Scope, node: Node, seen: frozenset[int] = frozenset()
) -> Iterator[int]:
    """Give the numbers of the parameters whose value an expression is."""
    if node.kind == "PARAM" and node["paramkind"] == "0":
        yield node.number("paramid")
    elif node.kind in _COERCIONS:
        yield from parameters(scope, node["arg"], seen)
    elif node.kind == "FUNCEXPR" and node.number("funcformat") in _CASTS:
        yield from parameters(scope, node["args"][0], seen)
    elif node.kind == "VAR" and id(node) not in seen:  # or a recursive query comes back
        source = scope.source(node)
        if isinstance(source, list):
            for expression in source:
                yield from parameters(*expression, seen | {id(node)})


class Assignment(Struct, frozen=True, kw_only=True):
    """An expression that is stored in a column."""

    scope: Scope
    column: Column
    expression: Node


def assignments(scope: Scope) -> Iterator[Assignment]:
    """Give what the statement stores, and where."""
    for inner in scopes(scope):
        if inner.query.number("commandType") in (INSERT, UPDATE):
            conflict = inner.query["onConflict"]
            updated: list[Node] = conflict.nodes("onConflictSet") if conflict else []
            yield from _assigned(inner, inner.query.nodes("targetList") + updated)
        for action in inner.query.nodes("mergeActionList"):
            yield from _assigned(inner, action.nodes("targetList"))


def _assigned(scope: Scope, entries: list[Node]) -> Iterator[Assignment]:
    target = _target(scope)
    for entry in entries:
        stored = _stored(scope, Stored(target, entry.number("resno")))
        column = scope.catalog.columns.get(stored)
        if column is not None and not entry.flag("resjunk"):
            yield Assignment(scope=scope, column=column, expression=entry["expr"])


def _stored(scope: Scope, column: Stored) -> Stored:
    """Return the table's column that a view's is, or the column itself."""
    view = scope.catalog.views.get(column.relation)
    is_rewritten = scope.catalog.relations[column.relation].is_rewritten
    if view is None or is_rewritten or column.number <= 0:
        return column
    inner = Scope(scope.catalog, view)
    expressions = [output.node for output in inner.outputs(column.number)]
    if len(expressions) == 1 and expressions[0].kind == "VAR":
        (var,) = expressions
        found = inner.source(var)
        if isinstance(found, Stored):
            return _stored(scope, found)
        entry = inner.entry(var)
        if entry.number("rtekind") == RELATION:
            below = Stored(entry.number("relid"), var.number("varattno"))
            return _stored(scope, below)
    return column


def _target(scope: Scope) -> int:
    index = scope.query.number("resultRelation")
    entry: Node = scope.query["rtable"][index - 1]
    return entry.number("relid")


def missing(scope: Scope) -> Iterator[Column]:
    """Give the columns without a value, though they are NOT NULL, of what is inserted."""
    for inner in scopes(scope):
        for insert in [inner.query, *inner.query.nodes("mergeActionList")]:
            if insert.number("commandType") == INSERT:
                target = _target(inner)
                given = {
                    _stored(inner, Stored(target, entry.number("resno")))
                    for entry in insert.nodes("targetList")
                }
                tables = {target, *(column.relation for column in given)}
                for key, column in inner.catalog.columns.items():
                    is_open = column.is_not_null and not column.has_default
                    if column.relation in tables and is_open and key not in given:
                        yield column


class Upsert(Struct, frozen=True, kw_only=True):
    """What is to be said against an ON CONFLICT DO UPDATE, by column where it is one's."""

    target: str
    """What the stored row is called."""
    has_guard: bool
    lets_equal_through: bool
    unguarded: list[str]
    """Not let through by the WHERE if nothing else is changed."""
    blind: list[str]
    """Compared by an operator that does not see a change from or to NULL."""
    not_excluded: list[str]
    """Set to something else than the row that was to be inserted."""
    kept: list[str]
    """Inserted, and left as they are where the row is there."""
    has_subquery: bool
    has_function: bool
    """Of the time or another that is not immutable, in the SET or the WHERE."""


def upserts(scope: Scope) -> Iterator[Upsert]:
    """Give the ON CONFLICT DO UPDATE clauses of a statement."""
    for inner in scopes(scope):
        conflict = inner.query["onConflict"]
        if conflict is not None and conflict.nodes("onConflictSet"):
            yield _upsert(inner, conflict)


def _upsert(scope: Scope, conflict: Node) -> Upsert:
    excluded = conflict.number("exclRelIndex")
    stored = scope.query.number("resultRelation")
    guard: Node | None = conflict["onConflictWhere"]
    unguarded: list[str] = []
    blind: list[str] = []
    not_excluded: list[str] = []
    subqueries, functions = _subqueries_and_functions(scope, guard)
    for entry in conflict.nodes("onConflictSet"):
        inside = _subqueries_and_functions(scope, entry)
        subqueries, functions = subqueries or inside[0], functions or inside[1]
        if entry.flag("resjunk"):  # the subquery that several columns are set to
            continue
        number = entry.number("resno")
        name = scope.catalog.columns[_target(scope), number].name
        is_of_several = entry["expr"].get("paramkind") == _MULTIEXPR
        is_told = is_of_several or any(inside)
        if not is_told and not _is_column(entry["expr"], excluded, number):
            not_excluded.append(name)
        if name == "updated_at" or guard is None:
            continue
        compared = [
            node
            for node in guard.walk()
            if _operator(scope, node) in ("<>", "=")
            and _compares(scope, node, (stored, number), (excluded, number))
        ]
        if not compared or _lets_through(scope, guard, compared) is False:
            unguarded.append(name)
        elif not _looks_for_null(guard, stored, number) and all(
            node.kind == "OPEXPR" and _can_be_null(scope, node, excluded)
            for node in compared
        ):
            blind.append(name)
    return Upsert(
        target=scope.query["rtable"][stored - 1]["eref"]["aliasname"],
        has_guard=guard is not None,
        lets_equal_through=guard is not None and _lets_through(scope, guard, []) is True,
        unguarded=unguarded,
        blind=blind,
        not_excluded=not_excluded,
        kept=_kept(scope, conflict),
        has_subquery=subqueries,
        has_function=functions,
    )


def _kept(scope: Scope, conflict: Node) -> list[str]:
    if conflict.number("constraint"):
        return []  # of which the tree does not tell the columns
    settled = {entry.number("resno") for entry in conflict.nodes("onConflictSet")}
    for element in conflict.nodes("arbiterElems"):
        settled |= {var.number("varattno") for var in element.walk() if var.kind == "VAR"}
    inserted = [
        entry.number("resno")
        for entry in scope.query.nodes("targetList")
        # A constant or a default is that of the first write.
        if any(part.kind in ("PARAM", "VAR") for part in entry["expr"].walk())
    ]
    columns = [scope.catalog.columns[_target(scope), number] for number in inserted]
    return [
        column.name
        for column in columns
        if column.number not in settled and not column.identity
    ]


def _subqueries_and_functions(scope: Scope, node: Node | None) -> tuple[bool, bool]:
    parts = [*node.walk()] if node is not None else []
    return (
        any(part.kind == "SUBLINK" for part in parts),
        any(_is_of_the_moment(scope, part) for part in parts),
    )


def _operator(scope: Scope, node: Node) -> str | None:
    if node.kind == "DISTINCTEXPR":
        return "<>"
    operator = scope.catalog.operators.get(node.number("opno"))
    return operator.name if node.kind == "OPEXPR" and operator is not None else None


def _lets_through(scope: Scope, guard: Node, differing: list[Node]) -> bool | None:
    """Tell if a guard is true where only these of its comparisons find a difference.

    None is what depends on other conditions.
    """
    if guard.kind == "CONST":
        return bool((guard["constvalue"] or [0])[0])
    if guard.kind == "BOOLEXPR":
        values = [_lets_through(scope, part, differing) for part in guard["args"]]
        if guard["boolop"] == "not":
            return None if values[0] is None else not values[0]
        decisive: bool = guard["boolop"] == "or"
        if decisive in values:
            return decisive
        return None if None in values else not decisive
    operator = _operator(scope, guard)
    rows = {var.number("varno") for var in guard.walk() if var.kind == "VAR"}
    if operator not in ("<>", "=") or len(rows) == 1:  # or of the one row only
        return None
    is_different = any(guard is comparison for comparison in differing)
    return is_different == (operator == "<>")


def _is_column(node: Node, index: int, number: int) -> bool:
    return node.kind == "VAR" and (
        (node.number("varno"), node.number("varattno")) == (index, number)
    )


def _looks_for_null(guard: Node, index: int, number: int) -> bool:
    return any(
        node.kind == "NULLTEST" and _is_column(node["arg"], index, number)
        for node in guard.walk()
    )


def _compares(scope: Scope, node: Node, *columns: tuple[int, int]) -> bool:
    """Tell if a comparison is of these two columns as they are, or of their casts."""
    sides = [_uncoerced(scope, side) for side in node["args"]]
    found = [(side.number("varno"), side.number("varattno")) for side in sides]
    return sorted(found) == sorted(columns)


def _uncoerced(scope: Scope, node: Node) -> Node:
    if node.kind in _COERCIONS:
        return _uncoerced(scope, node["arg"])
    is_cast = node.kind == "FUNCEXPR" and node.number("funcformat") in _CASTS
    # What stands in for a NULL is taken to be no other value.
    return (
        _uncoerced(scope, node["args"][0])
        if is_cast or node.kind == "COALESCEEXPR"
        else node
    )


def _can_be_null(scope: Scope, comparison: Node, excluded: int) -> bool:
    # What is excluded is known better than its column: it is what was to be inserted.
    given = {entry.number("resno"): entry["expr"] for entry in scope.query["targetList"]}
    nullability = Nullability()
    for side in comparison["args"]:
        inner = side
        while inner.kind in _COERCIONS:
            inner = inner["arg"]
        number = inner.number("varattno")
        if _is_column(inner, excluded, number) and number in given:
            side = given[number]
        if nullability.of(scope, side):
            return True
    return False


def _is_of_the_moment(scope: Scope, node: Node) -> bool:
    if node.kind in ("SQLVALUEFUNCTION", "NEXTVALUEEXPR"):
        return True
    function = scope.catalog.functions.get(node.number("funcid") or node.number("opfuncid"))
    return function is not None and not function.is_immutable
