"""From the rows of a result to Structs, whatever the host has registered with psycopg."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from keyword import iskeyword
from types import NoneType
from typing import (
    Annotated,
    Any,
    Literal,
    NoReturn,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

import psycopg
from msgspec import MsgspecError, convert
from msgspec.inspect import CollectionType, CustomType, UnionType, type_info
from msgspec.json import Decoder
from psycopg import AsyncRawCursor, AsyncRawServerCursor, RawCursor, RawServerCursor
from psycopg.abc import AdaptContext
from psycopg.adapt import AdaptersMap, Buffer, Loader
from psycopg.postgres import register_default_adapters
from psycopg.postgres import types as postgres_types
from psycopg.pq import Format
from psycopg.types.array import register_all_arrays
from psycopg.types.string import ByteaBinaryLoader

from .binding import (
    NOT_FROM_TEXT,
    is_generic_struct,
    is_literal_none,
    is_struct,
    without_none,
)
from .errors import QueryError

AnyConnection = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]
RowMaker = Callable[[Sequence[Any]], Any]


class _JsonbLoader(Loader):
    """Gives the document as it is, for msgspec."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data)[1:]  # the first byte is the version of the format


class _RecodingLoader(Loader):
    """Gives the document in UTF-8, whatever the encoding of the session."""

    format = Format.BINARY

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._encoding = self.connection.info.encoding if self.connection else "utf-8"

    def load(self, data: Buffer) -> bytes:
        return bytes(data).decode(self._encoding).encode()


class _RecodingJsonbLoader(_RecodingLoader):
    def load(self, data: Buffer) -> bytes:
        return super().load(data)[1:]


class _UtcLoader(Loader):
    """Gives a timestamptz in UTC, whatever the TimeZone of the session.

    In a zone with summer time Python would not find it equal to the same moment in another
    zone, for an hour each autumn; and at the ends of the calendar it would not exist.
    """

    format = Format.BINARY

    def load(self, data: Buffer) -> datetime:
        microseconds = int.from_bytes(data, signed=True)
        try:
            return _POSTGRES_EPOCH + timedelta(microseconds=microseconds)
        except OverflowError:
            raise psycopg.DataError("timestamp outside the years 1 to 9999") from None


_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class _Utf8Loader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        return bytes(data).decode()


_JSON_OIDS = {postgres_types["json"].oid, postgres_types["jsonb"].oid}

# The type of what psycopg makes of a column; what is declared otherwise is converted.
_PYTHON_TYPES = {
    postgres_types[name].oid: python_type
    for python_type, names in {
        str: ("text", "varchar", "bpchar", "name"),
        int: ("int2", "int4", "int8", "oid"),
        bool: ("bool",),
        float: ("float4", "float8"),
        Decimal: ("numeric",),
        bytes: ("bytea",),
        UUID: ("uuid",),
        date: ("date",),
        time: ("time",),
        datetime: ("timestamp", "timestamptz"),
        timedelta: ("interval",),
    }.items()
    for name in names
}

_ADAPTERS = AdaptersMap(types=postgres_types)
register_default_adapters(_ADAPTERS)
register_all_arrays(_ADAPTERS)
# As it is, for msgspec.
_ADAPTERS.register_loader("json", ByteaBinaryLoader)
_ADAPTERS.register_loader("jsonb", _JsonbLoader)
_ADAPTERS.register_loader("timestamptz", _UtcLoader)

# With client_encoding SQL_ASCII the server sends text as it is stored, and psycopg gives it
# as bytes.
_SQL_ASCII_ADAPTERS = AdaptersMap(_ADAPTERS)
for _name in ("text", "varchar", "bpchar", "name"):
    _SQL_ASCII_ADAPTERS.register_loader(_name, _Utf8Loader)

_RECODING_ADAPTERS = AdaptersMap(_ADAPTERS)
_RECODING_ADAPTERS.register_loader("json", _RecodingLoader)
_RECODING_ADAPTERS.register_loader("jsonb", _RecodingJsonbLoader)


def is_utf8(conn: AnyConnection) -> bool:
    """Tell if the client_encoding is UTF8, in a third of the time of info.encoding."""
    return conn.pgconn.parameter_status(b"client_encoding") == b"UTF8"


class _OwnAdapters:
    """Not the connection's, which are the host's to change, and none of ours to it."""

    __slots__ = ()

    @property
    def adapters(self) -> AdaptersMap:
        conn: AnyConnection = cast("Any", self).connection
        if is_utf8(conn):
            return _ADAPTERS
        is_ascii = conn.info.encoding == "ascii"
        return _SQL_ASCII_ADAPTERS if is_ascii else _RECODING_ADAPTERS


class Cursor(_OwnAdapters, RawCursor[Any]):
    """Client-side, sync."""

    __slots__ = ()


class AsyncCursor(_OwnAdapters, AsyncRawCursor[Any]):
    """Client-side, async."""

    __slots__ = ()


class ServerCursor(_OwnAdapters, RawServerCursor[Any]):
    """Server-side, sync."""

    __slots__ = ()

    def forget(self) -> None:
        """Be closed without a word to the server."""
        psycopg.Cursor.close(self)


class AsyncServerCursor(_OwnAdapters, AsyncRawServerCursor[Any]):
    """Server-side, async."""

    __slots__ = ()

    async def forget(self) -> None:
        """Be closed without a word to the server."""
        await psycopg.AsyncCursor.close(self)


class RowFactory:
    """Makes of each row what a query declares; a psycopg row factory."""

    def __init__(self, query: str, row_type: Any) -> None:
        self.query = query
        self._row_type = row_type
        self._type_name = getattr(row_type, "__name__", str(row_type))
        self._makers: dict[tuple[bytes | int | None, ...], RowMaker] = {}

    def __call__(self, cursor: psycopg.Cursor[Any] | psycopg.AsyncCursor[Any]) -> RowMaker:
        """Return the row maker for the columns of the cursor's result."""
        result = cursor.pgresult
        if not result or not result.nfields:
            return tuple
        indexes = range(result.nfields)
        columns = (*map(result.fname, indexes), *map(result.ftype, indexes))
        if (maker := self._makers.get(columns)) is None:
            names = [(result.fname(i) or b"").decode() for i in indexes]
            maker = self._maker(names, [result.ftype(i) for i in indexes])
            self._makers[columns] = maker
        return maker

    def _maker(self, names: list[str], oids: list[int]) -> RowMaker:
        """Return a function made for these columns, as one would write it by hand."""
        types = self._types(names)
        scope: dict[str, Any] = {"make": self._row_type, "refuse_null": self._refuse_null}
        lines = [f"({''.join(f'c{i}, ' for i in range(len(names)))}) = values"]
        for i, (name, oid) in enumerate(zip(names, oids, strict=True)):
            if not _takes_none(types[name]):
                lines.append(f"if c{i} is None: refuse_null({name!r})")
            if converter := self._converter(name, oid, types[name]):
                scope[f"convert{i}"] = converter
                lines.append(f"if c{i} is not None: c{i} = convert{i}(c{i})")
        if is_struct(self._row_type):
            fields = (
                f"{name}=c{i}" if _is_plain(name) else f"**{{{name!r}: c{i}}}"
                for i, name in enumerate(names)
            )
            lines.append(f"return make({', '.join(fields)})")
        else:
            lines.append("return c0")
        # Of names of fields and of numbers only.
        exec("\n    ".join(["def make_row(values):", *lines]), scope)  # noqa: S102
        return cast("RowMaker", scope["make_row"])

    def _converter(
        self, name: str, oid: int, annotation: Any
    ) -> Callable[[Any], Any] | None:
        """Return what makes psycopg's value one of the declared type, if needed."""
        if oid in _JSON_OIDS:
            return self._or_error(name, Decoder(annotation).decode)
        if _ADAPTERS.get_loader(oid, Format.BINARY) is None:
            raise QueryError(
                f"{self.query}: column {name} has a type that psycopg cannot read (oid "
                f"{oid}): cast it in the SQL, to text for instance"
            )
        if _plain(annotation) in (_PYTHON_TYPES.get(oid), Any):
            return None
        converter = self._or_error(
            name, partial(convert, type=annotation, builtin_types=NOT_FROM_TEXT)
        )
        if get_origin(annotation) is Literal and _PYTHON_TYPES.get(oid) is str:
            values = frozenset(get_args(annotation))
            # Which convert looks up anew at each call.
            return lambda value: value if value in values else converter(value)
        return converter

    def _or_error(self, name: str, converter: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def convert_value(value: Any) -> Any:
            try:
                return converter(value)
            except MsgspecError as error:
                raise QueryError(f"{self.query}: column {name}: {error}") from error

        return convert_value

    def _types(self, names: list[str]) -> dict[str, Any]:
        """Return the declared type of each column."""
        if not is_struct(self._row_type):
            if len(names) > 1:
                raise self._mismatch(
                    names, "one column only: of several make a msgspec Struct"
                )
            return {names[0]: self._row_type}
        types = get_type_hints(self._row_type, include_extras=True)
        if sorted(names) != sorted(types):
            raise self._mismatch(names, f"({', '.join(types)})")
        return types

    def _mismatch(self, names: list[str], wanted: str) -> QueryError:
        return QueryError(
            f"{self.query}: the statement gives ({', '.join(names)}), but "
            f"{self._type_name} takes {wanted}"
        )

    def _refuse_null(self, name: str) -> NoReturn:
        raise QueryError(
            f"{self.query}: column {name} is NULL, which {self._type_name} does not take: "
            "declare it with | None, or coalesce it in the SQL"
        )


def _is_plain(name: str) -> bool:
    # The compiler takes other letters for those that they are compatible with.
    return name.isascii() and not iskeyword(name) and name != "__debug__"


def checked_row_type(query: str, returns: Any, row_type: Any) -> Any:
    """Return the type of the rows. Raises QueryError if rows cannot be of this type."""
    if not _can_be_row(row_type):
        raise QueryError(f"{query}: {returns} is no type of a result")
    return row_type


def _can_be_row(annotation: Any) -> bool:
    # A Struct, a scalar, or what a JSON value can be.
    if is_literal_none(annotation):
        return False
    try:
        kind = type_info(annotation)
    except (TypeError, NotImplementedError):
        return False
    if isinstance(kind, UnionType):
        return kind.includes_none and _can_be_row(without_none(annotation))
    if isinstance(kind, CollectionType):
        return get_origin(annotation) is list and bool(get_args(annotation))
    return not (isinstance(kind, CustomType) or is_generic_struct(annotation))


def _plain(annotation: Any) -> Any:
    """Return a type without its constraints and without its None."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if NoneType in get_args(annotation):
        return _plain(without_none(annotation))
    return annotation


def _takes_none(annotation: Any) -> bool:
    return annotation is Any or NoneType in (annotation, *get_args(annotation))
