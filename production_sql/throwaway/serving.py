"""A server for tests, which are faster if nothing is kept."""

import json
import shutil
import sys
from pathlib import Path
from subprocess import SubprocessError
from tempfile import TemporaryDirectory

from .. import embedded
from ..conninfo import parse
from ..errors import ProductionError
from ..runner import Queries
from .databases import ability, connected

query = Queries(Path(__file__).parent / "sql")


@query
def _turn_off_fsync() -> None: ...


@query
def _reload() -> list[bool | None]: ...


def memory() -> Path | None:
    """Return where files are in memory, if there is room, and so ten times faster."""
    folder = Path("/dev/shm")  # noqa: S108
    has_room = folder.is_dir() and shutil.disk_usage(folder).free > 4 * 2**30
    return folder if has_room else None


def serve() -> None:
    """Start it, print its DSN or an error, and stop it at the next line or end of input."""
    try:
        with (
            TemporaryDirectory(prefix="production_sql-", dir=memory()) as folder,
            embedded.server(Path(folder, "data")) as dsn,
        ):
            with connected(parse(dsn)) as conn:
                _turn_off_fsync(conn)
                _reload(conn)
                while not ability(conn).is_volatile:
                    pass
            print(json.dumps((dsn, None)), flush=True)
            sys.stdin.readline()
    except (ProductionError, ModuleNotFoundError, OSError, SubprocessError) as error:
        print(json.dumps((None, str(error))))
