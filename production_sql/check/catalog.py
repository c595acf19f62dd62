"""What the server knows of relations, functions, operators and types."""

from functools import cached_property
from typing import Any

from msgspec import Struct
from psycopg import Connection

from . import nodes
from .queries import query


class Relation(Struct, frozen=True, kw_only=True):
    """A table, a view or the like."""

    oid: int
    name: str
    unqualified: str
    parent: str | None
    """What it is a partition or a child of; unqualified too."""
    kind: str
    is_system: bool
    is_rewritten: bool
    """Whether a rule or a trigger does something instead of what a statement says."""
    view_tree: str | None


class Column(Struct, frozen=True, kw_only=True):
    """A column of a relation."""

    relation: int
    table: str
    number: int
    name: str
    type: int
    identity: str
    is_not_null: bool
    has_default: bool


class Index(Struct, frozen=True, kw_only=True):
    """A B-tree, and the column that comes first in it, if it is one."""

    name: str
    first_column: str | None


class Function(Struct, frozen=True, kw_only=True):
    """A function, an aggregate or a window function, with its arguments' types."""

    oid: int
    name: str
    arguments: str
    is_system: bool
    is_strict: bool
    is_immutable: bool
    is_total_cast: bool


class Operator(Struct, frozen=True, kw_only=True):
    """An operator, with the category of what it takes on its right."""

    oid: int
    name: str
    is_system: bool
    category: str


class DataType(Struct, frozen=True, kw_only=True):
    """A type; under is the type that a domain is made of, or the type itself."""

    oid: int
    name: str
    under: int
    under_name: str
    category: str
    is_not_null: bool
    labels: list[str]


@query
def relations() -> list[Relation]:
    """Return the tables, views and the like."""
    ...


@query
def columns() -> list[Column]:
    """Return the columns of all relations."""
    ...


@query
def indexes() -> list[Index]:
    """Return all B-trees."""
    ...


@query
def functions() -> list[Function]:
    """Return all functions."""
    ...


@query
def operators() -> list[Operator]:
    """Return all operators."""
    ...


@query
def types() -> list[DataType]:
    """Return all types."""
    ...


class Catalog:
    """The catalog of the connection's database, as it is when it is first asked."""

    def __init__(self, conn: Connection[Any]) -> None:
        self.relations = {relation.oid: relation for relation in relations(conn)}
        self.columns = {
            (column.relation, column.number): column for column in columns(conn)
        }
        self.first_columns = {index.name: index.first_column for index in indexes(conn)}
        self.parents = {
            relation.unqualified: relation.parent for relation in self.relations.values()
        }
        self.functions = {function.oid: function for function in functions(conn)}
        self.operators = {operator.oid: operator for operator in operators(conn)}
        self.types = {data_type.oid: data_type for data_type in types(conn)}

    @cached_property
    def views(self) -> dict[int, nodes.Node]:
        """Return the analysed query of each view, by oid."""
        return {
            relation.oid: nodes.read(relation.view_tree)[0]
            for relation in self.relations.values()
            if relation.view_tree is not None
        }
