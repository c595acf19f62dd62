"""A declared function and its SQL file: what is sent, and what its parameters become."""

import functools
import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar, cast, get_type_hints

from msgspec.structs import astuple
from psycopg import AsyncConnection, Connection

from .binding import Bind, RefusedError, binder, check_struct, field_binders, is_struct
from .errors import InvalidValueError, QueryError
from .rows import AnyConnection

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])


class Declared(Generic[P]):
    """What is declared once and called with a connection of either kind first."""

    def __init__(self, function: Callable[P, Any], name: str) -> None:
        functools.update_wrapper(cast("Any", self), function)
        self.name = name
        self._signature = inspect.signature(function)
        if inspect.iscoroutinefunction(function):
            raise QueryError(
                f"{name}: declare it without async: a call on an AsyncConnection is awaited"
            )
        for parameter in self._signature.parameters.values():
            if parameter.name == "conn":
                raise QueryError(
                    f"{name}: conn is no parameter of a declaration: the connection comes "
                    "first in the call"
                )
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise QueryError(f"{name}: {parameter}: a parameter has one value")
        conn = inspect.Parameter(
            "conn", inspect.Parameter.POSITIONAL_ONLY, annotation=AnyConnection
        )
        self.__signature__ = self._signature.replace(
            parameters=[conn, *self._signature.parameters.values()]
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}{self.__signature__}>"

    def _bind(self, args: Any, kwargs: Any) -> inspect.BoundArguments:
        try:
            return self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from None

    def _by_kind(self, conn: object, sync: F, asynchronous: F) -> F:
        if isinstance(conn, Connection):
            return sync
        if isinstance(conn, AsyncConnection):
            return asynchronous
        raise TypeError(
            f"{self.name}: the first argument is a psycopg Connection or AsyncConnection, "
            f"not {type(conn).__name__}"
        )


# Of these some characters are others to Python's codec than to PostgreSQL's.
_AMBIGUOUS_ENCODINGS = frozenset(
    ("big5", "euc_jis_2004", "euc_jp", "euc_kr", "johab", "shift_jis", "shift_jis_2004")
)


class _Parameter(NamedTuple):
    """What is sent for a placeholder."""

    label: str
    annotation: Any
    bind: Bind


class Placeholders(dict[str, str]):
    """Numbers the placeholders in the order of their appearance."""

    def __missing__(self, name: str) -> str:
        self[name] = f"${len(self) + 1}"
        return self[name]

    def __str__(self) -> str:
        raise ValueError("a placeholder without a name")

    __repr__ = __str__


class Statement(Declared[P]):
    """A declared function and its SQL file."""

    def __init__(self, function: Callable[P, Any], name: str, file: Path) -> None:
        super().__init__(function, name)
        self.file = file
        placeholders = Placeholders()
        self.statement = self._read(placeholders)
        hints = get_type_hints(function, include_extras=True)
        parameters = self._expand(hints)
        self._arguments = [
            (name, hints[name] if is_struct(hints[name]) else None)
            for name in self._signature.parameters
        ]
        if missing := placeholders.keys() - parameters.keys():
            raise self._mismatch("no parameter for the placeholder", missing)
        if unused := parameters.keys() - placeholders.keys():
            raise self._mismatch("no placeholder for the parameter", unused)
        # In the order of their numbers, each with its place among the values of a call.
        places = {name: place for place, name in enumerate(parameters)}
        self._plan = [
            (places[name], parameters[name].label, parameters[name].bind)
            for name in placeholders
        ]
        kinds = [parameter.kind for parameter in self._signature.parameters.values()]
        # How many arguments there are, if each can be given by position.
        self._by_position = -1 if inspect.Parameter.KEYWORD_ONLY in kinds else len(kinds)
        # In the order of their numbers.
        self.annotations = {name: parameters[name].annotation for name in placeholders}
        if "return" not in hints:
            raise QueryError(f"{name}: the function has no return annotation")
        self.returns: Any = hints["return"]
        self.row_type: Any = None

    def _read(self, placeholders: Placeholders) -> bytes:
        """Return the statement as it is sent.

        The comments at the head of the file stay behind. The query's name comes right
        after the first keyword, where pg_stat_statements, pg_stat_activity and the log
        keep it.
        """
        if not self.file.is_file():
            raise QueryError(f"{self.name}: the function has no file {self.file}")
        try:
            text = self.file.read_text("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            raise QueryError(
                f"{self.name}: {self.file} is not in UTF-8: {error}"
            ) from error
        while text.startswith("--"):
            text = text.partition("\n")[2].lstrip()
        if not text:
            raise QueryError(f"{self.name}: {self.file} has no statement")
        try:
            numbered = text % placeholders
        except (TypeError, ValueError) as error:
            raise QueryError(
                f"{self.name}: {self.file}: {error}: write a placeholder as %(name)s and a "
                "percent sign as %%"
            ) from None
        keyword = re.match(r"[(\s]*[a-z]+", numbered, re.IGNORECASE)
        if keyword is None:
            raise QueryError(
                f"{self.name}: {self.file}: a statement begins with a keyword; write the "
                "header before it in lines that begin with --"
            )
        return f"{keyword[0]} /* {self.name} */{numbered[keyword.end() :]}".encode()

    def _expand(self, hints: dict[str, Any]) -> dict[str, _Parameter]:
        parameters: dict[str, _Parameter] = {}
        for name in self._signature.parameters:
            if name not in hints:
                raise QueryError(f"{self.name}: the parameter {name} has no annotation")
            hint = hints[name]
            try:
                if is_struct(hint):
                    types = get_type_hints(hint, include_extras=True)
                    expanded = {
                        field: _Parameter(f"{hint.__name__}.{field}", types[field], bind)
                        for field, bind in field_binders(hint).items()
                    }
                else:
                    expanded = {name: _Parameter(name, hint, binder(hint))}
            except TypeError as error:
                raise QueryError(f"{self.name}: the parameter {name}: {error}") from error
            if twice := parameters.keys() & expanded.keys():
                raise self._mismatch("more than one parameter for the placeholder", twice)
            parameters |= expanded
        return parameters

    def _mismatch(self, what: str, names: set[str]) -> QueryError:
        return QueryError(
            f"{self.name}{self._signature} and {self.file}: {what} "
            f"{', '.join(sorted(names))}"
        )

    def parameters(self, *args: P.args, **kwargs: P.kwargs) -> list[str | None]:
        """Return what is sent for the placeholders. Raises InvalidValueError."""
        values: list[Any] = []
        label = ""
        params: list[str | None] = []
        try:
            arguments = self._values(args, kwargs)
            for (label, struct), value in zip(  # noqa: B007
                self._arguments, arguments, strict=True
            ):
                if struct is None:
                    values.append(value)
                else:
                    check_struct(value, struct)
                    values += astuple(value)
            for place, label, bind in self._plan:  # noqa: B007
                params.append(bind(values[place]))
        except RefusedError as refused:
            raise InvalidValueError(
                f"{self.name}: {label}{refused.path}: {refused.reason}"
            ) from None
        return params

    def _values(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Sequence[Any]:
        if len(args) == self._by_position and not kwargs:
            return args
        bound = self._bind(args, kwargs)
        bound.apply_defaults()
        return list(bound.arguments.values())

    def check_encoding(self, conn: AnyConnection, params: list[str | None]) -> None:
        """Raise InvalidValueError if the client_encoding does not have a character."""
        encoding = conn.info.encoding
        if not self.statement.isascii():
            raise InvalidValueError(
                f"{self.name}: {self.file} is not in ASCII, and the client_encoding of the "
                f"connection is {encoding}: SET it to UTF8"
            )
        if encoding == "ascii":
            return
        if encoding in _AMBIGUOUS_ENCODINGS:
            raise InvalidValueError(
                f"{self.name}: Python and PostgreSQL do not agree on the client_encoding "
                f"of the connection ({encoding}): SET it to UTF8"
            )
        for (_, label, _), param in zip(self._plan, params, strict=True):
            try:
                (param or "").encode(encoding)
            except UnicodeEncodeError as error:
                raise InvalidValueError(
                    f"{self.name}: {label}: {error.object[error.start]!r} is not "
                    f"in the client_encoding of the connection ({encoding}): SET it to UTF8"
                ) from None
