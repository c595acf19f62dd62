"""What is cleaned up when the process ends that made it, however it ends."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from subprocess import PIPE, Popen

from ..errors import ProductionError
from . import keeper
from .databases import sweep


@contextmanager
def server() -> Generator[str]:
    """Start a throw-away server for tests, and give its DSN, of a superuser.

    It waits for no disk, and is in memory if there is room. Raises ProductionError if it
    does not start.
    """
    with _keeper(None) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise ProductionError("it has ended at once: standard error may say why")
        dsn, error = json.loads(line)
        if error:
            raise ProductionError(error)
        yield dsn


@contextmanager
def swept(dsn: str, prefix: str) -> Generator[None]:
    """Have the databases dropped whose names begin with the prefix, however this ends."""
    with _keeper((dsn, prefix)):
        yield
        # Those of which the drop was cut off.
        sweep(dsn, prefix)


@contextmanager
def _keeper(order: tuple[str, str] | None) -> Generator[Popen[str]]:
    # A session of its own, since Ctrl-C is for this one.
    with Popen(
        [sys.executable, "-P", keeper.__file__],
        stdin=PIPE,
        stdout=PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        last_line = "\n"
        try:
            # Not as an argument, which everybody on the machine can see.
            process.stdin.write(json.dumps((sys.path, order)) + "\n")
            process.stdin.flush()
            yield process
            last_line = "done\n"
        finally:
            # A process that was forked from this one may still hold the pipe.
            process.communicate(last_line)
