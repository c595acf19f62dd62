"""Which Python types fit the server's, in a parameter, a column and a JSON document."""

import inspect as python_inspect
import types as python_types
from typing import (
    Annotated,
    Any,
    NamedTuple,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import psycopg
from msgspec import UnsetType, inspect, structs
from msgspec.inspect import type_info
from psycopg.pq import Format

from .catalog import DataType

_TEXT = ("text", "varchar", "bpchar", "name", "citext")
_IN_JSON_NUMBERS = ("int2", "int4", "int8")
_INTEGERS = (*_IN_JSON_NUMBERS, "oid")
_FLOATS = ("float4", "float8")
_PYTHON: dict[type, tuple[str, tuple[str, ...]]] = {
    inspect.StrType: ("str", _TEXT),
    inspect.IntType: ("int", _INTEGERS),
    inspect.BoolType: ("bool", ("bool",)),
    inspect.FloatType: ("float", _FLOATS),
    inspect.DecimalType: ("Decimal", ("numeric",)),
    inspect.UUIDType: ("UUID", ("uuid",)),
    inspect.DateTimeType: ("datetime", ("timestamp", "timestamptz")),
    inspect.DateType: ("date", ("date",)),
    inspect.TimeType: ("time", ("time", "timetz")),
    inspect.TimeDeltaType: ("timedelta", ("interval",)),
    inspect.BytesType: ("bytes", ("bytea",)),
}
_COLUMN = {kind: names for kind, (_, names) in _PYTHON.items()}
_PARAMETER = _COLUMN | {inspect.IntType: (*_INTEGERS, *_FLOATS, "numeric")}
# A number is read as what is asked for; and these are not as msgspec writes them.
_IN_JSON = _COLUMN | {
    inspect.IntType: _IN_JSON_NUMBERS,
    inspect.FloatType: (*_FLOATS, *_IN_JSON_NUMBERS, "numeric"),
    inspect.DecimalType: ("numeric", *_IN_JSON_NUMBERS),
    inspect.BytesType: (),
    inspect.TimeDeltaType: (),
}
# What has no type of its own in JSON is a string there.
_NO_STRINGS = ("bool", *_IN_JSON_NUMBERS, *_FLOATS, "numeric")
_JSON = ("json", "jsonb")
_ARRAY, _ROWS = "A", "CP"  # categories of types


def name_of(annotation: Any) -> str:
    """Return an annotation as it is written, without constraints."""
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return name_of(arguments[0])
    if origin in (Union, python_types.UnionType):
        return " | ".join(name_of(argument) for argument in arguments)
    if annotation in (None, type(None)):
        return "None"
    if annotation is Any:
        return "Any"
    if origin is not None and isinstance(origin, type):
        inner = ", ".join(name_of(argument) for argument in arguments)
        return f"{origin.__name__}[{inner}]"
    if isinstance(annotation, type):
        return annotation.__name__
    return python_inspect.formatannotation(annotation).replace("typing.", "")


def takes_none(annotation: Any) -> bool:
    """Tell if None is a value of the type."""
    if get_origin(annotation) is Annotated:
        return takes_none(get_args(annotation)[0])
    return annotation is Any or type(None) in (annotation, *get_args(annotation))


def options(annotation: Any) -> list[Any]:
    """Return the types that a union is of, None excepted; of another type that itself."""
    inner = annotation
    while get_origin(inner) is Annotated:
        inner = get_args(inner)[0]
    if get_origin(inner) not in (Union, python_types.UnionType):
        return [annotation]
    return [
        option
        for argument in get_args(inner)
        if argument not in (type(None), UnsetType)
        for option in options(argument)
    ]


def kind_of(annotation: Any) -> inspect.Type:
    """Return what msgspec says of a type; of a union, of the first in it."""
    kind = type_info(options(annotation)[0])
    return kind.type if isinstance(kind, inspect.Metadata) else kind


class Misfit(NamedTuple):
    """Why values do not fit, if there is more to say than their types; and what to do."""

    why: str
    mend: str


def _plain_misfit(data_type: DataType, form: str = "{}") -> Misfit:
    labels = ", ".join(map(repr, data_type.labels))
    named = [name for name, fits in _PYTHON.values() if data_type.under_name in fits]
    name = f"Literal[{labels}]" if labels else (*named, "what fits it")[0]
    return Misfit("", f"Annotate it with {form.format(name)}, or cast it in the SQL.")


def misfit_of_parameter(annotation: Any, data_type: DataType) -> Misfit | None:
    """Return why values of a type do not fit a parameter, or None."""
    kind = kind_of(annotation)
    values = _values(kind)
    if data_type.under_name in _JSON:
        if values or type(kind) in _PARAMETER:
            mend = "Annotate it with dict, list or a Struct, or make JSON of it: to_json."
            return Misfit("a scalar is sent as it is, not as JSON", mend)
        return None
    if values:
        return _misfit_of_values(values, data_type, is_sent=True)
    if isinstance(kind, inspect.DateTimeType):
        mend = "Annotate it with Annotated[datetime, Meta(tz={})], which refuses one."
        if data_type.under_name == "timestamptz" and kind.tz is not True:
            why = "one without a time zone would be taken in that of the session"
            return Misfit(why, mend.format(True))
        if data_type.under_name == "timestamp" and kind.tz is not False:
            return Misfit("the server would drop a time zone", mend.format(False))
    if data_type.under_name in _PARAMETER.get(type(kind), ()):
        return None
    if type(kind) not in _PARAMETER:
        mend = "Cast it to json in the SQL, and take it apart there."
        return Misfit("it is sent as JSON", mend)
    return _plain_misfit(data_type)


def misfit_of_column(
    annotation: Any, data_type: DataType, constants: "set[str] | None"
) -> Misfit | None:
    """Return why the values of a column do not fit a type, or None.

    constants are the texts that the column is one of, if they are known.
    """
    if data_type.under_name in _JSON:
        return None
    if psycopg.adapters.get_loader(data_type.oid, Format.BINARY) is None:
        return Misfit("psycopg cannot read it", "Cast it in the SQL, to text for one.")
    return _misfit(annotation, data_type, _COLUMN, constants)


def misfit_in_json(annotation: Any, data_type: DataType) -> Misfit | None:
    """Return the same of a value within a JSON document."""
    if data_type.under_name in _JSON or data_type.category in _ROWS:
        return None
    return _misfit(annotation, data_type, _IN_JSON, None)


def _misfit(
    annotation: Any,
    data_type: DataType,
    fitting: dict[type, tuple[str, ...]],
    constants: "set[str] | None",
) -> Misfit | None:
    found = [
        _misfit_of_one(option, data_type, fitting, constants)
        for option in options(annotation)
    ]
    if None in found:
        return None
    return found[0] if len(found) == 1 else _plain_misfit(data_type)


def _misfit_of_one(
    annotation: Any,
    data_type: DataType,
    fitting: dict[type, tuple[str, ...]],
    constants: "set[str] | None",
) -> Misfit | None:
    kind = kind_of(annotation)
    if isinstance(kind, (inspect.AnyType, inspect.RawType)):
        return None
    if data_type.category == _ARRAY:
        inner = item(annotation)
        is_list = fitting is _IN_JSON or isinstance(kind, inspect.ListType)
        if inner is None or not is_list:
            return Misfit("an array comes as a list", "Annotate it with a list.")
        # An array of arrays has the type of an array.
        is_nested = item(inner) is not None
        within = data_type if is_nested else _element(data_type)
        misfit = _misfit(inner, within, fitting, None)
        is_plain = misfit is not None and not (is_nested or misfit.why)
        return _plain_misfit(within, "list[{}]") if is_plain else misfit
    if values := _values(kind):
        return _misfit_of_values(values, data_type, constants=constants)
    if isinstance(kind, inspect.StrType) and fitting is _IN_JSON:
        is_string = data_type.under_name not in _NO_STRINGS
        return None if is_string else _plain_misfit(data_type)
    if isinstance(kind, inspect.DateTimeType):
        mend = f"Annotate it with Meta(tz={not kind.tz}), or convert it by AT TIME ZONE."
        if kind.tz is True and data_type.under_name == "timestamp":
            return Misfit("it comes without a time zone", mend)
        if kind.tz is False and data_type.under_name == "timestamptz":
            return Misfit("it comes with a time zone", mend)
    is_fitting = data_type.under_name in fitting.get(type(kind), ())
    return None if is_fitting else _plain_misfit(data_type)


def _element(data_type: DataType) -> DataType:
    return structs.replace(
        data_type,
        name=data_type.name.removesuffix("[]"),
        under_name=data_type.under_name.removeprefix("_"),
        category="",
    )


def _values(kind: inspect.Type) -> tuple[Any, ...]:
    if isinstance(kind, inspect.LiteralType):
        return kind.values
    if isinstance(kind, inspect.EnumType):
        return tuple(member.value for member in kind.cls)
    return ()


def _misfit_of_values(
    values: tuple[Any, ...],
    data_type: DataType,
    *,
    is_sent: bool = False,
    constants: "set[str] | None" = None,
) -> Misfit | None:
    are_texts = all(isinstance(value, str) for value in values)
    if data_type.labels:
        constants = set(data_type.labels)
    elif data_type.under_name not in (_TEXT if are_texts else _INTEGERS):
        return _plain_misfit(data_type)
    if constants is None:
        return None
    wrong = set(values) - constants if is_sent else constants - set(values)
    if not wrong:
        return None
    listed = ", ".join(sorted(map(repr, wrong)))
    if is_sent:
        return Misfit(f"{data_type.name} has no {listed}", "Take it out, or add the label.")
    return Misfit(f"it can be {listed}", "Add it to the type, or leave it out in the SQL.")


def fields(annotation: Any) -> "dict[str, tuple[Any, bool]] | None":
    """Return the fields of a Struct or its like by their name in JSON: type, if required.

    None if the type is none that is read from an object with certain members.
    """
    kind = kind_of(annotation)
    if not isinstance(
        kind, (inspect.StructType, inspect.TypedDictType, inspect.DataclassType)
    ) or getattr(kind, "array_like", False):
        return None
    hints = get_type_hints(kind.cls, include_extras=True)
    for name, hint in hints.items():
        if get_origin(hint) in (NotRequired, Required):
            (hints[name],) = get_args(hint)
    return {field.encode_name: (hints[field.name], field.required) for field in kind.fields}


def item(annotation: Any) -> Any:
    """Return the type of the items of a list or another collection, or None."""
    (annotation, *_) = options(annotation)
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    is_collection = isinstance(kind_of(annotation), inspect.CollectionType)
    return (*get_args(annotation), Any)[0] if is_collection else None
