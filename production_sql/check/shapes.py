"""What a JSON document holds, as far as the statement that makes it tells."""

from collections.abc import Iterator
from typing import Any, get_args

from msgspec import Struct, structs
from msgspec.inspect import AnyType, CustomType, DictType, RawType

from .annotations import fields, item, kind_of, misfit_in_json, name_of, options, takes_none
from .catalog import Catalog
from .nodes import Node
from .nullability import Nullability
from .scope import Scope, Stored

_OBJECTS = ("json_build_object", "jsonb_build_object")
_ARRAYS = ("json_agg", "jsonb_agg")
_OF_A_VALUE = ("to_json", "to_jsonb", "row_to_json")
_SCALAR_SUBLINK = 4
_IS_NOT_NULL = 1
_TEXT_OIDS = (25, 705, 1042, 1043)  # text, unknown, bpchar, varchar


class Shape(Struct, frozen=True, kw_only=True):
    """A scalar of a type, an object with members, an array of items, or unknown."""

    type: int | None = None
    members: "dict[str, Shape] | None" = None
    items: "Shape | None" = None
    can_be_null: bool = False


def shape(scope: Scope, node: Node, nullability: Nullability) -> Shape:
    """Return the shape of the value of an expression."""
    found = _shape(scope, node, nullability)
    return structs.replace(found, can_be_null=nullability.of(scope, node))


def _shape(scope: Scope, node: Node, nullability: Nullability) -> Shape:
    if node.kind == "COALESCEEXPR":
        # What stands in for a NULL is taken to be of the same shape.
        return _shape(scope, node["args"][0], nullability)
    if node.kind == "VAR":
        return _shape_of_column(scope, node, nullability)
    if node.kind == "SUBLINK" and node.number("subLinkType") == _SCALAR_SUBLINK:
        outputs = scope.within(node["subselect"]).outputs(1)
        return _shape(*outputs[0], nullability) if len(outputs) == 1 else Shape()
    name = _function(scope, node)
    if name in _OBJECTS and len(node.nodes("args")) % 2 == 0:
        keys = [text_of(key) for key in node.nodes("args")[::2]]
        values = [shape(scope, value, nullability) for value in node.nodes("args")[1::2]]
        known = {
            key: value for key, value in zip(keys, values, strict=True) if key is not None
        }
        if len(known) == len(keys):
            return Shape(members=known)
    if name in _ARRAYS:
        kept = _without_missing(scope, node["aggfilter"])
        return Shape(items=shape(kept, node["args"][0]["expr"], nullability))
    if name in _OF_A_VALUE:
        return _shape(scope, node["args"][0], nullability)
    return Shape(type=_type(node))


def _shape_of_column(scope: Scope, var: Node, nullability: Nullability) -> Shape:
    source = scope.source(var)
    number = int(var["varattno"])
    if isinstance(source, list):
        # Of the branches of a UNION each may have its own.
        is_one = len(source) == 1
        return _shape(*source[0], nullability) if is_one else Shape(type=_type(var))
    if number == 0:
        columns = scope.up(var.number("varlevelsup")).entry(var)["eref"]["colnames"]
        members: dict[str, Shape] = {}
        for position, name in enumerate(columns, 1):
            if name:  # or else it is dropped
                column = Node("VAR")
                # A row that an outer join does not find is null as a whole.
                column.update(var)
                column.update(varattno=str(position), vartype="0", varnullingrels=None)
                members[name] = shape(scope, column, nullability)
        return Shape(members=members)
    if isinstance(source, Stored) and source in scope.catalog.columns:
        return Shape(type=scope.catalog.columns[source].type)
    return Shape(type=_type(var))


def _without_missing(scope: Scope, condition: Node | None) -> Scope:
    """Return the scope without the outer join of which a FILTER passes over missing rows.

    That is FILTER (WHERE joined.id IS NOT NULL), where id is of one outer join.
    """
    parts = [condition] if condition is not None else []
    while parts:
        part = parts.pop()
        if part.get("boolop") == "and":
            parts += part["args"]
        elif part.kind == "NULLTEST" and part.number("nulltesttype") == _IS_NOT_NULL:
            joins = part["arg"].numbers("varnullingrels")
            if len(joins) == 1:
                return scope.without_join(*joins)
    return scope


def _function(scope: Scope, node: Node) -> str | None:
    oid = node.number("funcid") or node.number("aggfnoid")
    function = scope.catalog.functions.get(oid)
    return function.name if function is not None and function.is_system else None


_TYPE_FIELDS = (
    "vartype",
    "consttype",
    "funcresulttype",
    "opresulttype",
    "paramtype",
    "resulttype",
    "coalescetype",
    "casetype",
    "minmaxtype",
    "aggtype",
    "wintype",
)


def _type(node: Node) -> int | None:
    found = [node.number(field) for field in _TYPE_FIELDS if field in node]
    return found[0] if found else None


def text_of(node: Node) -> str | None:
    """Return the text of a constant, or None if the expression is none."""
    is_text = node.kind == "CONST" and node.number("consttype") in _TEXT_OIDS
    if not is_text or node["constvalue"] is None:
        return None
    data = bytes(node["constvalue"])
    # As in C, with a zero at the end, or after the length.
    text = data[:-1] if node["constlen"] == "-2" else data[4:]
    return text.decode(errors="replace")


def constants(
    scope: Scope, node: Node, seen: frozenset[int] = frozenset()
) -> set[str] | None:
    """Return the texts that an expression is one of, or None if it can be others."""
    if id(node) in seen:  # a recursive query has come back to it
        return set()
    seen |= {id(node)}
    parts: list[tuple[Scope, Node]] = []
    if node.kind == "CASEEXPR":
        parts = [(scope, when["result"]) for when in node["args"]]
        if node["defresult"] is not None:
            parts.append((scope, node["defresult"]))
    elif node.kind == "COALESCEEXPR":
        parts = [(scope, argument) for argument in node["args"]]
    elif node.kind == "RELABELTYPE":
        parts = [(scope, node["arg"])]
    elif node.kind == "VAR":
        source = scope.source(node)
        parts = [*source] if isinstance(source, list) else []
    elif node.kind == "COERCEVIAIO":
        cast = scope.catalog.types.get(_type(node["arg"]) or 0)
        return set(cast.labels) if cast is not None and cast.labels else None
    if node.kind == "CONST" and node.flag("constisnull"):
        return set()
    if not parts:
        text = text_of(node)
        return None if text is None else {text}
    texts: set[str] = set()
    for part in parts:
        found = constants(*part, seen)
        if found is None:
            return None
        texts |= found
    return texts


def misfits(found: Shape, annotation: Any, catalog: Catalog, path: str) -> Iterator[str]:
    """Give where a document does not fit the type that it is decoded to."""
    kind = kind_of(annotation)
    if isinstance(kind, (AnyType, CustomType, RawType)):
        return
    if found.members is not None or found.items is not None:
        each = [
            list(_misfits_of_one(found, option, catalog, path))
            for option in options(annotation)
        ]
        if [] not in each:
            several = [f"{path} is none of {name_of(annotation)}"]
            yield from each[0] if len(each) == 1 else several
    elif found.type in catalog.types:
        data_type = catalog.types[found.type]
        misfit = misfit_in_json(annotation, data_type)
        if misfit is not None:
            what = f"is {data_type.name}, which is not {name_of(annotation)}"
            yield f"{path}: {misfit.why}" if misfit.why else f"{path} {what}"


def _misfits_of_one(
    found: Shape, annotation: Any, catalog: Catalog, path: str
) -> Iterator[str]:
    name = name_of(annotation)
    if found.members is None:
        inner = item(annotation)
        if inner is None:
            yield f"{path} is an array, which is not {name}"
        elif found.items is not None:
            yield from _inner_misfits(found.items, inner, catalog, f"{path}[]")
        return
    kind = kind_of(annotation)
    if isinstance(kind, DictType):
        for member, value in found.members.items():
            inner = (*get_args(annotation), Any, Any)[1]
            yield from _inner_misfits(value, inner, catalog, f"{path}.{member}")
        return
    wanted = fields(annotation)
    if wanted is None:
        yield f"{path} is an object, which is not {name}"
        return
    required = [field for field, (_, is_required) in wanted.items() if is_required]
    if missing := [field for field in required if field not in found.members]:
        yield f"{path} has no {', '.join(missing)}, which {name} requires"
    known = {*wanted, getattr(kind, "tag_field", None)}
    if others := [member for member in found.members if member not in known]:
        yield f"{path} has {', '.join(others)}, of which {name} has no field"
    for member, value in found.members.items():
        if member in wanted:
            inner = wanted[member][0]
            yield from _inner_misfits(value, inner, catalog, f"{path}.{member}")


def _inner_misfits(
    found: Shape, annotation: Any, catalog: Catalog, path: str
) -> Iterator[str]:
    if found.can_be_null and not takes_none(annotation):
        yield f"{path} can be null, which {name_of(annotation)} does not take"
    yield from misfits(found, annotation, catalog, path)


def nulls(found: Shape | None, path: str = "") -> set[str]:
    """Return the paths of what can be null within a document."""
    if found is None:
        return set()
    inner = {f"{path}.{name}": each for name, each in (found.members or {}).items()}
    if found.items is not None:
        inner[f"{path}[]"] = found.items
    paths = {place for place, each in inner.items() if each.can_be_null}
    return paths.union(*(nulls(each, place) for place, each in inner.items()))
