"""Writes all drafts and bundles to a file."""

import os
import shutil
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from psycopg import IsolationLevel

from .. import bundles, drafts
from ..dtos import ContentDraftDTO, DraftBundleDTO
from ..errors import ProductionError
from ..runner import Queries
from ..stream import Rows
from .progress import Progress
from .records import STANDARD_STREAM, compressed, encode, reason
from .session import connected

query = Queries(Path(__file__).parent / "sql")


@query
def _count() -> list[int]: ...


def run(dsn: str | None, name: str, *, schema: str | None) -> None:
    """Write all drafts and then all bundles, the first stored first, of one snapshot.

    A file is replaced once all is written, and otherwise left as it is. Raises
    InvalidValueError for the dsn, NotFoundError if the tables are not there,
    ProductionError if the file cannot be written, BrokenPipeError if its reader has gone,
    and the driver's errors.
    """
    with connected(dsn, schema, autocommit=False) as conn:
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        bar = Progress(
            lambda: sum(_count(conn)),
            " records",
            # It would be written in between.
            is_wanted=not (name == STANDARD_STREAM and sys.stdout.isatty()),
        )
        with _output(name) as output, closing(bar) as progress:
            of_drafts = _write(drafts.stream(conn), output, progress)
            of_bundles = _write(bundles.stream(conn), output, progress)
    bar.say(f"{of_drafts} drafts and {of_bundles} bundles dumped")


def _write(
    rows: Rows[ContentDraftDTO] | Rows[DraftBundleDTO], output: BinaryIO, progress: Progress
) -> int:
    count = 0
    with rows:
        for item in rows:
            output.write(encode(item))
            progress.advance(1)
            count += 1
    return count


@contextmanager
def _output(name: str) -> Generator[BinaryIO]:
    try:
        if name == STANDARD_STREAM:
            # Not sys.stdout's own, which under python -u has no buffer and may write a
            # part.
            with open(sys.stdout.fileno(), "wb", closefd=False) as output:
                yield output
            return
        path = Path(name).resolve()
        # A device or a named pipe is written to, never replaced.
        is_file = path.is_file() or not path.exists()
        opened = _replaced(path) if is_file else path.open("wb")
        with opened as raw, compressed(raw, name) as output:
            yield output
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ProductionError(f"{name}: not written: {reason(error)}") from error


@contextmanager
def _replaced(path: Path) -> Generator[BinaryIO]:
    beside = path.with_name(f".{uuid4().hex}.{path.name}")
    try:
        with beside.open("xb") as raw:
            if path.exists():
                shutil.copymode(path, beside)
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
