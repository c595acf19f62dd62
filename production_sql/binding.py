"""From Python values to parameters: each becomes a text, for the server to type."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from sys import maxsize
from types import NoneType
from typing import (
    Any,
    Generic,
    Literal,
    TypeGuard,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from msgspec import Struct, ValidationError, convert
from msgspec.inspect import (
    AnyType,
    BoolType,
    BytesType,
    CustomType,
    DateTimeType,
    DateType,
    DecimalType,
    EnumType,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    StrType,
    StructType,
    TimeDeltaType,
    TimeType,
    Type,
    UnionType,
    UUIDType,
    type_info,
)
from msgspec.json import Decoder, Encoder
from msgspec.structs import astuple

Bind = Callable[[Any], str | None]
Item = TypeVar("Item")


class RefusedError(Exception):
    """Why a value cannot be sent, and where in the parameter the reason lies."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


def binder(annotation: Any) -> Bind:
    """Return the function that makes a parameter of a value of the annotated type.

    It raises RefusedError for a value that PostgreSQL would refuse or not give back equal.
    Raises TypeError for a type that no parameter can have.
    """
    if is_literal_none(annotation):
        raise TypeError(f"{annotation} is no type of a parameter: write its None as | None")
    kind = type_info(annotation)
    if isinstance(kind, UnionType) and kind.includes_none:
        bind = binder(without_none(annotation))
        return lambda value: None if value is None else bind(value)
    if isinstance(kind, ListType) and isinstance(kind.item_type, StructType):
        return _records(kind.item_type.cls)
    if to_text := _SCALARS.get(type(kind)):
        return _scalar(annotation, kind, to_text)
    if isinstance(kind, (AnyType, CustomType, UnionType)) or is_generic_struct(annotation):
        raise TypeError(f"{annotation} is no type of a parameter")
    return _json(annotation, kind.cls if isinstance(kind, StructType) else None)


@cache
def field_binders(struct: type[Struct]) -> dict[str, Bind]:
    """Return the binder of each field of a Struct."""
    if is_generic_struct(struct):
        raise TypeError(f"{struct} is generic: declare a Struct with the types themselves")
    hints = get_type_hints(struct, include_extras=True)
    return {name: binder(hints[name]) for name in struct.__struct_fields__}


def is_struct(annotation: Any) -> TypeGuard[type[Struct]]:
    """Tell if an annotation is a Struct class."""
    return isinstance(annotation, type) and issubclass(annotation, Struct)


def is_literal_none(annotation: Any) -> bool:
    """Tell if None is among the values of a Literal, which not every msgspec can read."""
    return get_origin(annotation) is Literal and None in get_args(annotation)


def is_generic_struct(annotation: Any) -> bool:
    """Tell if an annotation is a Struct with type variables, given or not."""
    cls = get_origin(annotation) or annotation
    return is_struct(cls) and issubclass(cls, Generic)


def check_struct(value: object, struct: type[Struct]) -> None:
    """Raise RefusedError if a value is not a Struct of this class, subclasses excluded."""
    if type(value) is not struct:
        raise RefusedError(f"Expected `{struct.__name__}`, got `{type(value).__name__}`")


def without_none(annotation: Any) -> Any:
    """Return the X of ``X | None``."""
    first, *rest = (arg for arg in get_args(annotation) if arg is not NoneType)
    for arg in rest:
        first = first | arg
    return first


def _text(value: str) -> str:
    text = str.__str__(value)  # a plain one of a subclass, which JSON would refuse
    if "\0" in text:
        raise RefusedError(
            f"NUL at index {text.index(chr(0))}, which PostgreSQL cannot store"
        )
    text.encode()  # a lone surrogate is an error
    return text


def _timestamp(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    if value.utcoffset() is None:
        raise RefusedError("its tzinfo gives no offset from UTC")
    try:
        return value.astimezone(UTC).isoformat()
    except OverflowError:
        raise RefusedError("outside the years 1 to 9999 in UTC") from None


def _decimal(value: Decimal) -> str:
    if value.is_snan():
        raise RefusedError("PostgreSQL has no signaling NaN")
    return str(value)


_SCALARS: dict[type, Callable[[Any], str]] = {
    StrType: _text,
    LiteralType: lambda value: _text(str(value)),
    EnumType: lambda value: _text(str(value.value)),
    IntType: str,
    BoolType: str,
    FloatType: repr,
    DecimalType: _decimal,
    UUIDType: str,
    DateTimeType: _timestamp,
    DateType: date.isoformat,
    TimeType: time.isoformat,
    TimeDeltaType: lambda value: (
        # With every sign: by itself the first would be that of all, to IntervalStyle
        # sql_standard.
        f"{value.days} days {value.seconds:+} seconds {value.microseconds:+} microseconds"
    ),
    BytesType: lambda value: f"\\x{value.hex()}",
}
# Not to be had from a text, which is how msgspec reads them from JSON.
NOT_FROM_TEXT = (bytes, date, datetime, time, timedelta, Decimal, UUID)


def _scalar(annotation: Any, kind: Type, to_text: Callable[[Any], str]) -> Bind:
    check: Callable[[Any], Any] = partial(
        convert, type=annotation, builtin_types=NOT_FROM_TEXT
    )
    if isinstance(kind, DateTimeType):
        check = partial(_exact_datetime, check)
    elif isinstance(kind, EnumType):
        check = partial(_member, kind.cls)
    elif isinstance(kind, FloatType):
        check = partial(_exact_float, check)

    def bind(value: object) -> str:
        try:
            return to_text(check(value))
        except UnicodeEncodeError as error:
            raise RefusedError(f"lone surrogate at index {error.start}") from None
        except RefusedError:
            raise
        except Exception as error:  # an int has too many digits, a tzinfo is abstract
            raise RefusedError(_reason(error)) from None

    # Most values are as plain as can be, and these need no more than a look.
    if isinstance(kind, StrType) and kind.pattern is None:
        most = maxsize if kind.max_length is None else kind.max_length
        return _plain_text(kind.min_length or 0, most, bind)
    if isinstance(kind, DateTimeType) and kind.tz is not False:
        return lambda value: (
            # Ten times as fast as isoformat; and Z could be a name of the session's zone.
            f"{_encode(value)[1:-2].decode()}+00:00"
            if type(value) is datetime and value.tzinfo is UTC
            else bind(value)
        )
    return bind


def _plain_text(least: int, most: int, otherwise: Bind) -> Bind:
    def bind(value: Any) -> str | None:
        if (
            type(value) is str
            and value.isascii()
            and "\0" not in value
            and least <= len(value) <= most
        ):
            return value
        return otherwise(value)

    return bind


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _member(cls: type[Enum], value: object) -> Enum:
    if not isinstance(value, cls):
        raise RefusedError(f"Expected `{cls.__name__}`, got `{type(value).__name__}`")
    return value


def _exact_float(check: Callable[[Any], float], value: object) -> float:
    exact = check(value)
    if isinstance(value, int) and exact != value:
        raise RefusedError(f"{value} is between two floats")
    return exact


def _exact_datetime(check: Callable[[Any], datetime], value: object) -> datetime:
    try:
        return check(value)
    except ValidationError:
        if not isinstance(value, datetime):
            raise
    # Of a subclass, such as a frozen clock gives, or a data frame.
    exact = check(convert(value.isoformat(), datetime))
    if value - exact:
        raise RefusedError("finer than a microsecond")
    return exact


# What is nested deeper may be beyond the recursion limit of who reads it.
_MAX_DEPTH = 500

# Keys in order: dicts that are equal become the same text, so that a replay is one.
_encode = Encoder(order="deterministic").encode
_encode_records = Encoder().encode
_decode = Decoder().decode


def _json(annotation: Any, struct: type[Struct] | None) -> Bind:
    decode = Decoder(annotation).decode

    def bind(value: object) -> str:
        if struct is not None:
            check_struct(value, struct)
        try:
            data = _encode(value)
        except Exception as error:  # of msgspec, or of an object's own methods
            raise RefusedError(*_not_encodable(value, error)) from None
        try:
            back = decode(data)
            is_equal = back == value
        except Exception as error:
            raise RefusedError(_reason(error)) from None
        if not is_equal:
            raise RefusedError(
                "JSON would not give it back equal: it holds None, bool, int, finite "
                "float, str, list, and dict with str keys",
                _difference(value, back),
            )
        if len(data) > _MAX_DEPTH and data.count(b"{") + data.count(b"[") > _MAX_DEPTH:
            _check_depth(data)
        return data.decode()

    return bind


def _check_depth(data: bytes) -> None:
    level = [_decode(data)]
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    if level:
        raise RefusedError(f"nested more than {_MAX_DEPTH} deep")


def _not_encodable(value: Any, error: Exception, path: str = "") -> tuple[str, str]:
    """Return why JSON cannot hold a value, and the path to what it cannot hold."""
    kind = type(cast("object", value))
    if isinstance(error, RecursionError) or kind not in (dict, list):
        return _reason(error), path
    for key in value if kind is dict else range(len(value)):
        if kind is dict and not isinstance(key, str):
            return f"JSON has str keys only, not {_repr(key)}", path
        try:
            _encode(value[key])
        except Exception as inner:
            return _not_encodable(value[key], inner, f"{path}[{key!r}]")
    return _reason(error), path


def _repr(key: object) -> str:
    try:
        return repr(key)
    except Exception:  # an int has too many digits
        return f"a key of type {type(key).__name__}"


def _difference(value: Any, back: Any) -> str:
    """Return the path to the first of what has come back different."""
    if type(value) is not type(back) or type(back) not in (dict, list):
        return ""
    keys = value if type(back) is dict else range(len(value))
    try:
        key = next(key for key in keys if value[key] != back[key])
    except (KeyError, StopIteration):  # a key that is not equal to itself
        return ""
    return f"[{key!r}]{_difference(value[key], back[key])}"


class Page(list[Item]):
    """Some of many Structs: start is the place of the first among them."""

    def __init__(self, items: Iterable[Item], start: int) -> None:
        super().__init__(items)
        self.start = start


def _records(struct: type[Struct]) -> Bind:
    binders = tuple(field_binders(struct).items())

    def record(item: Any) -> dict[str, str | None]:
        check_struct(item, struct)
        values: dict[str, str | None] = {}
        name = ""
        try:
            for (name, bind_field), value in zip(binders, astuple(item), strict=True):
                values[name] = bind_field(value)
        except RefusedError as refused:
            raise RefusedError(refused.reason, f".{name}{refused.path}") from None
        return values

    def bind(value: object) -> str:
        if not isinstance(value, list):
            raise RefusedError(f"Expected `list`, got `{type(value).__name__}`")
        items = cast("list[object]", value)
        start = items.start if isinstance(items, Page) else 0
        records: list[dict[str, str | None]] = []
        for item in items:
            try:
                records.append(record(item))
            except RefusedError as refused:
                path = f"[{start + len(records)}]{refused.path}"
                raise RefusedError(refused.reason, path) from None
        return _encode_records(records).decode()

    return bind
