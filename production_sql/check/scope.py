"""What a column of an analysed statement comes from."""

from collections.abc import Iterator
from copy import copy
from typing import NamedTuple

from .catalog import Catalog
from .nodes import Node

Parameters = dict[int, bool]
"""Of each parameter, by number, if it can be NULL."""

# How the tree numbers them.
RELATION, SUBQUERY, JOIN, FUNCTION, VALUES, CTE = 0, 1, 2, 3, 5, 6
GROUP = 9
UPDATE, INSERT, DELETE, MERGE = 2, 3, 4, 5
INNER_JOIN, LEFT_JOIN, FULL_JOIN, RIGHT_JOIN = range(4)
_EXCEPT = 3


class Stored(NamedTuple):
    """A column of a table, or of what else is not made by the statement."""

    relation: int
    number: int


class Expression(NamedTuple):
    """An expression, and where its columns are to be looked up."""

    scope: "Scope"
    node: Node


Source = Stored | list[Expression] | None
"""A stored column; or expressions, each of some of the rows; None is something else."""


class Scope:
    """A query within a statement, and the queries around it."""

    def __init__(
        self,
        catalog: Catalog,
        query: Node,
        outer: "Scope | None" = None,
        parameters: Parameters | None = None,
        is_written: bool = False,
    ) -> None:
        self.catalog = catalog
        self.query = query
        self.outer = outer
        self.parameters: Parameters = parameters or {}
        self.ignored = 0
        """A join whose effect on its columns is not to be counted."""
        self.given: frozenset[str] = frozenset()
        """What is not NULL where an expression stands, by the keys of its nodes."""
        self.is_written = is_written
        """A view's through which the row was written: it need not meet its conditions."""

    def within(self, query: Node) -> "Scope":
        """Return the scope of a query that stands in this one."""
        return Scope(self.catalog, query, self, self.parameters)

    def without_join(self, index: int) -> "Scope":
        """Return this scope, with a join's effect on its columns not counted."""
        found = copy(self)
        found.ignored = index
        return found

    def where(self, given: frozenset[str]) -> "Scope":
        """Return this scope, at an expression for which more is given, or nothing."""
        found = copy(self)
        found.given = given
        return found

    def up(self, levels: int) -> "Scope":
        """Return the scope that is so many queries further out."""
        return self if self.outer is None or not levels else self.outer.up(levels - 1)

    def is_target(self, var: Node) -> bool:
        """Tell if a column of this very query is one of what it writes to."""
        return self.is_written or var["varno"] == self.query["resultRelation"]

    def entry(self, var: Node) -> Node:
        """Return the range table entry of a column of this very query."""
        entry: Node = self.query["rtable"][var.number("varno") - 1]
        return entry

    def outputs(self, position: int) -> list[Expression]:
        """Return the expressions of a result column, counted from 1."""
        if self.query["setOperations"] is not None:
            return [
                output
                for branch in self._branches(self.query["setOperations"])
                for output in branch.outputs(position)
            ]
        return [Expression(self, self.targets()[position - 1]["expr"])]

    def targets(self) -> list[Node]:
        """Return the entries of the result's columns."""
        if self.query.number("commandType") == 1:
            entries = self.query.nodes("targetList")
        else:
            entries = self.query.nodes("returningList")
        return [entry for entry in entries if not entry.flag("resjunk")]

    def _branches(self, operation: Node) -> "Iterator[Scope]":
        if operation.kind == "RANGETBLREF":
            entry = self.query["rtable"][operation.number("rtindex") - 1]
            yield self.within(entry["subquery"])
            return
        yield from self._branches(operation["larg"])
        if operation.number("op") != _EXCEPT:
            yield from self._branches(operation["rarg"])

    def source(self, var: Node) -> Source:
        """Return what a column (a VAR) is."""
        scope = self.up(var.number("varlevelsup"))
        entry = scope.entry(var)
        number = int(var["varattno"])
        kind = entry.number("rtekind")
        if kind == RELATION:
            relation = entry.number("relid")
            view = scope.catalog.views.get(relation)
            if view is None or number <= 0:
                return Stored(relation, number)
            is_written = scope.is_target(var)
            return Scope(scope.catalog, view, is_written=is_written).outputs(number)
        if number <= 0:
            return None
        if kind == SUBQUERY:
            return scope.within(entry["subquery"]).outputs(number)
        if kind == CTE:
            home = scope.up(entry.number("ctelevelsup"))
            ctes = home.query.nodes("cteList")
            cte = next(cte for cte in ctes if cte["ctename"] == entry["ctename"])
            found = home.within(cte["ctequery"])
            return found.outputs(number) if number <= len(found.targets()) else None
        if kind == VALUES:
            lists = entry["values_lists"]
            return [Expression(scope, row[number - 1]) for row in lists]
        if kind == GROUP:
            return [Expression(scope, entry["groupexprs"][number - 1])]
        if kind == JOIN:
            return [Expression(scope, entry["joinaliasvars"][number - 1])]
        return None
