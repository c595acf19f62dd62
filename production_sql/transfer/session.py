"""The session of a load or a dump."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg

from ..conninfo import in_schema, parse
from ..errors import InvalidValueError, NotFoundError


@contextmanager
def connected(
    dsn: str | None, schema: str | None, *, autocommit: bool
) -> Generator[psycopg.Connection[Any]]:
    """Give a connection whose search_path is the schema, if one is named.

    Raises InvalidValueError if there is no dsn, or none to be understood; NotFoundError if
    the tables turn out not to be there; and the driver's errors.
    """
    if dsn is None:
        raise InvalidValueError("--dsn: which database? Name it, or set DATABASE_URL")
    params = parse(dsn)
    if schema is not None:
        params = in_schema(params, schema)
    # Whatever the environment says of the encoding; and a transaction pooler will do.
    params |= {"client_encoding": "UTF8", "prepare_threshold": None}
    try:
        with psycopg.connect(**params, autocommit=autocommit) as conn:
            yield conn
    except psycopg.errors.UndefinedTable as error:
        raise NotFoundError(
            "the tables are not there: apply the migrations first, or name the --schema "
            "that they are in"
        ) from error
