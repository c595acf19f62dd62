"""From the rows of a result to Structs, whatever the host has registered with psycopg."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any, TypeGuard, cast, get_args, get_type_hints

import psycopg
from msgspec import MsgspecError, Struct
from msgspec.json import Decoder
from psycopg import AsyncRawCursor, AsyncRawServerCursor, RawCursor, RawServerCursor
from psycopg.abc import AdaptContext
from psycopg.adapt import AdaptersMap, Buffer, Loader
from psycopg.postgres import register_default_adapters
from psycopg.postgres import types as postgres_types
from psycopg.pq import Format

from .errors import QueryError

RowMaker = Callable[[Sequence[Any]], Any]


class _JsonLoader(Loader):
    """Gives the document in UTF-8, for msgspec."""

    format = Format.BINARY

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        encoding = self.connection.info.encoding if self.connection else "utf-8"
        self._other_encoding = None if encoding in ("utf-8", "ascii") else encoding

    def load(self, data: Buffer) -> bytes:
        document = bytes(data)
        if self._other_encoding is None:
            return document
        return document.decode(self._other_encoding).encode()


class _JsonbLoader(_JsonLoader):
    def load(self, data: Buffer) -> bytes:
        return super().load(data)[1:]  # the first byte is the version of the format


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

_ADAPTERS = AdaptersMap(types=postgres_types)
register_default_adapters(_ADAPTERS)
_ADAPTERS.register_loader("json", _JsonLoader)
_ADAPTERS.register_loader("jsonb", _JsonbLoader)
_ADAPTERS.register_loader("timestamptz", _UtcLoader)

# With client_encoding SQL_ASCII the server sends text as it is stored, and psycopg gives it
# as bytes.
_SQL_ASCII_ADAPTERS = AdaptersMap(_ADAPTERS)
for _name in ("text", "varchar", "bpchar", "name"):
    _SQL_ASCII_ADAPTERS.register_loader(_name, _Utf8Loader)


class _OwnAdapters:
    """Not the connection's, which are the host's to change, and none of ours to it."""

    @property
    def adapters(self) -> AdaptersMap:
        is_ascii = cast("Any", self).connection.info.encoding == "ascii"
        return _SQL_ASCII_ADAPTERS if is_ascii else _ADAPTERS


class Cursor(_OwnAdapters, RawCursor[Any]):
    """Client-side, sync."""


class AsyncCursor(_OwnAdapters, AsyncRawCursor[Any]):
    """Client-side, async."""


class ServerCursor(_OwnAdapters, RawServerCursor[Any]):
    """Server-side, sync."""


class AsyncServerCursor(_OwnAdapters, AsyncRawServerCursor[Any]):
    """Server-side, async."""


class RowFactory:
    """Makes of each row what a query declares; a psycopg row factory."""

    def __init__(self, query: str, row_type: Any) -> None:
        self._query = query
        self._row_type = row_type
        self._type_name = getattr(row_type, "__name__", str(row_type))
        self._makers: dict[tuple[tuple[bytes | None, int], ...], RowMaker] = {}

    def __call__(self, cursor: psycopg.Cursor[Any] | psycopg.AsyncCursor[Any]) -> RowMaker:
        """Return the row maker for the columns of the cursor's result."""
        result = cursor.pgresult
        if not result or not result.nfields:
            return tuple
        columns = tuple([(result.fname(i), result.ftype(i)) for i in range(result.nfields)])
        if (maker := self._makers.get(columns)) is None:
            names = [(name or b"").decode() for name, _ in columns]
            maker = self._makers[columns] = self._maker(names, [oid for _, oid in columns])
        return maker

    def _maker(self, names: list[str], oids: list[int]) -> RowMaker:
        types = self._types(names)
        required = [name for name in names if not _takes_none(types[name])]
        decoders = [
            (name, Decoder(types[name]).decode)
            for name, oid in zip(names, oids, strict=True)
            if oid in _JSON_OIDS
        ]
        make = self._row_type if is_struct(self._row_type) else _only_value

        def make_row(values: Sequence[Any]) -> Any:
            row = dict(zip(names, values, strict=True))
            if None in values:
                self._refuse_null(row, required)
            for name, decode in decoders:
                if row[name] is not None:
                    try:
                        row[name] = decode(row[name])
                    except MsgspecError as error:
                        raise QueryError(
                            f"{self._query}: column {name}: {error}"
                        ) from error
            return make(**row)

        return make_row

    def _types(self, names: list[str]) -> dict[str, Any]:
        """Return the declared type of each column."""
        if not is_struct(self._row_type):
            if len(names) > 1:
                raise self._mismatch(names, "one column only")
            return {names[0]: self._row_type}
        types = get_type_hints(self._row_type, include_extras=True)
        if sorted(names) != sorted(types):
            raise self._mismatch(names, f"({', '.join(types)})")
        return types

    def _mismatch(self, names: list[str], wanted: str) -> QueryError:
        return QueryError(
            f"{self._query}: the statement gives ({', '.join(names)}), but "
            f"{self._type_name} takes {wanted}"
        )

    def _refuse_null(self, row: dict[str, Any], required: list[str]) -> None:
        for name in required:
            if row[name] is None:
                raise QueryError(
                    f"{self._query}: column {name} is NULL, which {self._type_name} does "
                    "not take: declare it with | None, or coalesce it in the SQL"
                )


def is_struct(annotation: Any) -> TypeGuard[type[Struct]]:
    """Tell if an annotation is a Struct class."""
    return isinstance(annotation, type) and issubclass(annotation, Struct)


def _only_value(**row: Any) -> Any:
    (value,) = row.values()
    return value


def _takes_none(annotation: Any) -> bool:
    return annotation is Any or NoneType in (annotation, *get_args(annotation))
