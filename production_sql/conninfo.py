"""Connection strings and URLs, as users have them."""

import re
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import Identifier

from .errors import InvalidValueError


def parse(dsn: str) -> dict[str, Any]:
    """Return the parameters of a libpq connection string or URL, or of a URL for yoyo.

    Raises InvalidValueError, which does not contain the password.
    """
    try:
        if dsn.startswith("postgresql+psycopg://"):
            dsn = dsn.replace("+psycopg", "", 1)
        params = conninfo_to_dict(dsn)
    except (psycopg.ProgrammingError, AttributeError, TypeError, UnicodeError):
        # Not chained: libpq's message quotes what it could not read, passwords and all.
        raise InvalidValueError(
            "dsn: not a connection string or URL of libpq, such as "
            "'host=db dbname=app user=me' or 'postgresql://me:secret@db/app?sslmode=require',"
            " or one of its options is none of libpq's (a schema goes into schema=)"
        ) from None
    # What libpq would make of a password that has an @ or a / as it is, and then name.
    host, ports = str(params.get("host")), str(params.get("port") or 0).split(",")
    is_url = dsn.startswith(("postgresql://", "postgres://"))
    has_quoted_at = "%40" in dsn.rpartition("@")[2]
    if (
        "@" in host.removeprefix("@/")  # an abstract Unix socket
        or not all(port.isdigit() for port in ports if port)
        or (is_url and "@" in str(params.get("dbname")) and not has_quoted_at)
    ):
        raise InvalidValueError(
            "dsn: no such host, port or database: within a URL's user and password, write "
            "@ as %40, / as %2F, : as %3A and % as %25"
        )
    return params


def in_schema(params: dict[str, Any], schema: str) -> dict[str, Any]:
    """Return the parameters with the schema as the whole search_path."""
    search_path = re.sub(r"([\\ ])", r"\\\1", Identifier(schema).as_string())
    options = params.get("options") or ""
    return params | {"options": f"{options} -csearch_path={search_path}".strip()}
