"""Stores the drafts and bundles of files, a batch a transaction."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import psycopg

from .. import bundles, drafts
from ..dtos import ContentDraftDTO, DraftBundleDTO
from ..errors import AssetConflictError, InvalidValueError, ProductionError
from .progress import Progress
from .records import STANDARD_STREAM, Item, Line, compressed, read, reason, total_size
from .session import connected

# The memory of a batch is a few times that, however large its records are.
_BATCH_BYTES = 2 * 2**20

# What says that a record is not to be stored, and not that nothing is: of the driver's
# errors those of a constraint or a trigger, such as a host has added.
_REFUSED = (
    InvalidValueError,
    AssetConflictError,
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.RaiseException,
)


def run(
    dsn: str | None,
    names: Sequence[str],
    *,
    schema: str | None,
    batch_size: int,
    set_aside: str | None,
) -> int:
    """Store what is in the files, in order, and return how many lines were set aside.

    Each batch is committed, so that a run that is cut off is gone on with by another one.
    Raises InvalidValueError for the dsn and, unless lines are set aside, for one that is no
    record or is refused; NotFoundError if the tables are not there; and ProductionError if
    a file cannot be read or the server stops it. All before the line that these name is
    stored then, and nothing after it.
    """
    size = total_size(names)
    with (
        _created(set_aside) as aside,
        connected(dsn, schema, autocommit=True) as conn,
        closing(Progress(lambda: size, "B")) as progress,
    ):
        load = _Load(conn, aside, progress)
        try:
            for batch in _batches(read(names, progress.advance), batch_size):
                load.store(batch)
        finally:
            progress.close()
            progress.say(load.summary())
    return load.set_aside


@contextmanager
def _created(name: str | None) -> Generator[BinaryIO | None]:
    """Give a new file, which is deleted if nothing was written to it."""
    if name is None:
        yield None
        return
    if name == STANDARD_STREAM:
        raise InvalidValueError("--set-aside: - is no file: name one")
    path = Path(name)
    try:
        with path.open("xb") as raw, compressed(raw, name) as file:
            try:
                yield file
            finally:
                if not file.tell():
                    path.unlink()
    except FileExistsError:
        raise InvalidValueError(
            f"--set-aside: {name} is there: load what is in it or move it, or name another"
        ) from None
    except OSError as error:
        raise ProductionError(f"--set-aside: {name}: {reason(error)}") from error


class _Load:
    def __init__(
        self,
        conn: psycopg.Connection[Any],
        aside: BinaryIO | None,
        progress: Progress,
    ) -> None:
        self._conn = conn
        self._aside = aside
        self._progress = progress
        self._read = self._written = self._unchanged = self.set_aside = 0

    def summary(self) -> str:
        return (
            f"{self._read} records read: {self._written} written, {self._unchanged} "
            f"unchanged, {self.set_aside} set aside"
        )

    def store(self, lines: list[Line]) -> None:
        """Store a batch, or of one that is refused what is not."""
        items = [line.item for line in lines if not isinstance(line.item, Exception)]
        if len(items) == len(lines) or self._aside is not None:
            try:
                self._count(len(items), self._upsert_many(items))
            except (ProductionError, psycopg.Error) as error:
                if self._conn.closed:
                    raise _stopped(lines[0], error) from error
            else:
                for line in lines:
                    if isinstance(line.item, Exception):
                        self._refuse(line, line.item)
                return
        # So that the line that is refused is known, and all before it is stored.
        for line in lines:
            self._store_alone(line)

    def _store_alone(self, line: Line) -> None:
        if isinstance(line.item, Exception):
            return self._refuse(line, line.item)
        try:
            self._count(1, self._upsert(line.item))
        except _REFUSED as error:
            self._refuse(line, error)
        except psycopg.errors.UndefinedTable:
            raise
        except (ProductionError, psycopg.Error) as error:
            raise _stopped(line, error) from error

    def _upsert_many(self, items: list[Item]) -> int:
        of_drafts = [item for item in items if isinstance(item, ContentDraftDTO)]
        of_bundles = [item for item in items if isinstance(item, DraftBundleDTO)]
        with self._conn.transaction():
            return drafts.upsert_many(self._conn, of_drafts) + bundles.upsert_many(
                self._conn, of_bundles
            )

    def _upsert(self, item: Item) -> bool:
        if isinstance(item, ContentDraftDTO):
            return drafts.upsert(self._conn, item)
        return bundles.upsert(self._conn, item)

    def _count(self, stored: int, written: int) -> None:
        self._read += stored
        self._written += written
        self._unchanged += stored - written

    def _refuse(self, line: Line, error: Exception) -> None:
        self._read += 1
        if self._aside is None:
            raise InvalidValueError(
                f"{line.place}: {_text(error)}. All before it is stored: mend it and load "
                "again, or have what is refused set aside by --set-aside FILE"
            ) from error
        self._aside.write(line.data.rstrip(b"\n") + b"\n")
        self.set_aside += 1
        self._progress.say(f"{line.place}: set aside: {_text(error)}")


def _batches(lines: Iterator[Line], batch_size: int) -> Iterator[list[Line]]:
    """Give the lines in batches, and what was read before an error before it is raised."""
    batch: list[Line] = []
    size = 0
    failure: ProductionError | None = None
    try:
        for line in lines:
            batch.append(line)
            size += len(line.data)
            if len(batch) == batch_size or size >= _BATCH_BYTES:
                yield batch
                batch, size = [], 0
    except ProductionError as error:
        failure = error
    if batch:
        yield batch
    if failure is not None:
        raise failure


def _stopped(line: Line, error: Exception) -> ProductionError:
    return ProductionError(
        f"{line.place}: {_text(error)}. All before it is stored: load again to go on"
    )


def _text(error: Exception) -> str:
    """Return what an error says, in one line, and with its name if it is the driver's."""
    text = " ".join(str(error).split())
    # What a file has in it is not to reach a terminal as commands.
    text = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
    return f"{type(error).__name__}: {text}" if isinstance(error, psycopg.Error) else text
