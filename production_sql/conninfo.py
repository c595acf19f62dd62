"""Connection strings and URLs, as users have them."""

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from .errors import InvalidValueError


def parse(dsn: str) -> dict[str, Any]:
    """Return the parameters of a libpq connection string or URL, or of a URL for yoyo.

    Raises InvalidValueError, which does not contain the password.
    """
    try:
        params = conninfo_to_dict(dsn.replace("postgresql+psycopg://", "postgresql://", 1))
    except (psycopg.ProgrammingError, AttributeError, TypeError, UnicodeError):
        # Not chained: libpq's message quotes what it could not read, passwords and all.
        raise InvalidValueError(
            "dsn: not a connection string or URL of libpq, such as "
            "'host=db dbname=app user=me' or 'postgresql://me:secret@db/app?sslmode=require',"
            " or one of its options is none of libpq's (a schema goes into schema=)"
        ) from None
    # What libpq would make of a password that has an @ or a / as it is, and then name.
    host, ports = str(params.get("host")), str(params.get("port") or 0).split(",")
    is_url = "://" in dsn and "%40" not in dsn
    if (
        "@" in host
        or not all(port.isdigit() for port in ports if port)
        or (is_url and "@" in str(params.get("dbname")))
    ):
        raise InvalidValueError(
            "dsn: no such host, port or database: within a URL's user and password, write "
            "@ as %40, / as %2F, : as %3A and % as %25"
        )
    return params
