"""What each migration does: alone, to what was there before, and back again.

yoyo reads, orders and splits the files; a server says what the statements did.
"""

import re
from collections.abc import Generator, Iterator, Set
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    redirect_stdout,
    suppress,
)
from difflib import unified_diff
from glob import escape
from hashlib import sha256
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from msgspec import Struct, field
from psycopg.pq import TransactionStatus

from ..conninfo import parse
from ..errors import ProductionError
from . import git
from .problem import Problem
from .queries import query
from .server import Server, dump, without_owners

CHECKSUMS = "checksums.sha256"
_ROLLBACK = ".rollback.sql"
_LINE_COMMENTS = re.compile(r"(?:\s|--.*)*")
_TABLE = re.compile(r"\ACREATE (UNLOGGED |FOREIGN )?TABLE .*\(\n")
_WIDTH = 300
_MODES = [
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
]
_COMMENTS = re.compile(r"(?:\s|--.*|/\*(?s:.)*?\*/)*")


class Lock(Struct, frozen=True, kw_only=True):
    """A lock that a statement takes, in PostgreSQL's words: ACCESS EXCLUSIVE."""

    table: str
    mode: str


class Step(Struct, frozen=True, kw_only=True):
    """A statement of a migration, and what it does to relations that were there before it.

    locks leaves out ACCESS SHARE. rewrites are the tables with another file afterwards;
    scans are those that are read from end to end. Where is_observed is False, the statement
    ran outside a transaction, and its locks and scans could not be seen.
    """

    statement: str
    locks: list[Lock]
    rewrites: list[str]
    scans: list[str]
    is_observed: bool


class Migration(Struct, frozen=True, kw_only=True):
    """A migration and its statements; one in Python has none that could be seen."""

    id: str
    file: Path
    steps: list[Step]
    checksum: str


class Migrations(Struct, frozen=True, kw_only=True):
    """All migrations in their order, the schema that they make, and where it is."""

    dsn: str
    schema: str = ""
    migrations: list[Migration] = field(default_factory=list[Migration])
    problems: list[Problem] = field(default_factory=list[Problem])
    is_cut: bool = False
    """Not all of them could be run."""


def check_files(folder: Path) -> list[Problem]:
    """Return what is wrong with the files by themselves; it takes no server."""
    problems: list[Problem] = []
    for file in sorted(folder.glob("*.py")):
        what = "a migration in Python: its statements cannot be seen one by one"
        mend = f"Write it as {file.stem}.sql and {file.stem}{_ROLLBACK}."
        problems.append(Problem(file=file, what=what, mend=mend))
    for file in _files(folder):
        name = file.name.removesuffix(_ROLLBACK)
        if file.name.endswith(_ROLLBACK):
            if not file.with_name(f"{name}.sql").exists():
                what = f"there is no migration {name}.sql that it rolls back"
                mend = "Restore the migration, or delete this file."
                problems.append(Problem(file=file, what=what, mend=mend))
        # yoyo runs post-apply.sql after every apply, and never rolls it back.
        elif not (_rollback(file).exists() or name.startswith("post-apply")):
            what = f"there is no rollback, {_rollback(file).name}"
            mend = "Write one that undoes what the migration does, the last thing first."
            problems.append(Problem(file=file, what=what, mend=mend))
        text = file.read_text("utf-8", "replace")
        if text.startswith("/*", offset := _end(_LINE_COMMENTS, text)):
            what = "a block comment at the head: after it yoyo reads no directives"
            mend = "Write it in lines that begin with --."
            problems.append(Problem(file=file, offset=offset, what=what, mend=mend))
    return problems


def checksum(file: Path) -> str:
    r"""Return the SHA-256 of the content, with every newline as \n, in hexadecimal."""
    return sha256(re.sub(rb"\r\n?", b"\n", file.read_bytes())).hexdigest()


def check_checksums(folder: Path, *, write: bool) -> list[Problem]:
    """Return where the files are not those of checksums.sha256, which is for sha256sum too.

    With write, a file without a line there is given one, and so is one whose line is not
    in the last commit yet. No other line is changed.
    """
    sums = folder / CHECKSUMS
    found = sums.read_text("utf-8").splitlines() if sums.exists() else []
    lines = [*found]
    if write and (committed := git.at_head(sums)) is not None:
        lines = [line for line in found if line in committed.splitlines()]
    now = published(folder)
    new = dict(now)
    problems: list[Problem] = []
    offset = 0
    for line in lines:
        digest, _, name = line.partition("  ")
        file = folder / name
        new.pop(name, None)
        if name not in now:
            what = "there is no such file"
            mend = "Restore it; if it never was published, delete the line."
            problems.append(Problem(file=sums, offset=offset, what=what, mend=mend))
        elif now[name] != digest:
            what = f"it is not what was published: its SHA-256 in {CHECKSUMS} is another"
            mend = (
                "Restore it and write a new migration; if it never was published, delete "
                "its line and run check --write."
            )
            problems.append(Problem(file=file, what=what, mend=mend))
        offset += len(line) + 1
    if write:
        lines += [f"{digest}  {name}" for name, digest in new.items()]
        lines.sort(key=lambda line: line.split("  ")[-1])
        if lines != found:
            sums.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="\n")
        return problems
    what = f"it has no line in {CHECKSUMS}"
    mend = "Run check --write, and commit both files."
    return problems + [Problem(file=folder / name, what=what, mend=mend) for name in new]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sql"))


def published(folder: Path) -> dict[str, str]:
    """Return the checksums of the files that are not to be edited, by name.

    yoyo runs post-apply.sql after every apply: that one may change.
    """
    return {
        file.name: checksum(file)
        for file in _files(folder)
        if not file.name.startswith("post-apply")
    }


def _rollback(file: Path) -> Path:
    return file.with_name(f"{file.stem}{_ROLLBACK}")


def _end(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match else 0


@contextmanager
def inspected(server: Server, folder: Path) -> Generator[Migrations]:
    """Apply, roll back and apply each migration, and give what that shows.

    The problems are those of check_files too. Where something fails, nothing after it is
    run. Raises ProductionError if there is no pg_dump, and the driver's errors for a failed
    connection.
    """
    problems = check_files(folder)
    migrations: list[Migration] = []
    stop: Problem | None = None
    with server.database() as dsn:
        schema = dump(dsn)
        # yoyo prints the rows of a SELECT.
        with redirect_stdout(StringIO()), yoyo_backend(dsn) as backend:
            inspection = _Inspection(dsn, backend, problems)
            try:
                for each in _in_order(backend, folder):
                    file = Path(each.path)
                    steps, schema = inspection.run(each, file, schema)
                    told = Migration(
                        id=each.id, file=file, steps=steps, checksum=checksum(file)
                    )
                    migrations.append(told)
            except _StoppedError as stopped:
                stop = stopped.problem
        yield Migrations(
            migrations=migrations,
            schema=without_owners(schema),
            is_cut=stop is not None,
            dsn=dsn,
            problems=[*problems, stop] if stop else problems,
        )


@contextmanager
def migrated(server: Server, folder: Path) -> Generator[str]:
    """Give the DSN of a database with the migrations applied.

    Raises ProductionError for migrations that cannot be read, and the driver's errors, for
    one that fails too.
    """
    with server.database() as dsn:
        with redirect_stdout(StringIO()), yoyo_backend(dsn) as backend:
            try:
                for migration in _in_order(backend, folder):
                    backend.apply_one(migration)
            except _StoppedError as stopped:
                raise ProductionError(str(stopped.problem)) from stopped
        yield dsn


def yoyo_backend(dsn: str) -> AbstractContextManager[Any]:
    """Return yoyo's session in a database."""
    yoyo: Any = import_module("yoyo")
    backend: AbstractContextManager[Any] = yoyo.get_backend(
        f"postgresql+psycopg:///?{urlencode(parse(dsn))}"
    )
    return backend


class _Relation(Struct, frozen=True, kw_only=True):
    name: str
    columns: dict[int, str | None]
    """By its number the name of a column, if a row has to be given a value there."""
    filenode: int | None
    scans: int | None


class _Held(Struct, frozen=True, kw_only=True):
    relation: int
    mode: str


class _State(Struct, frozen=True, kw_only=True):
    has_lock_timeout: bool
    relations: dict[int, _Relation]
    locks: set[_Held]


@query
def _state() -> _State: ...


class _StoppedError(Exception):
    def __init__(self, file: Path, what: str, mend: str, offset: int | None = None) -> None:
        super().__init__(what)
        self.problem = Problem(file=file, offset=offset, what=what, mend=mend)


def _in_order(backend: Any, folder: Path) -> list[Any]:
    yoyo: Any = import_module("yoyo")
    file = folder
    try:
        migrations = yoyo.read_migrations(escape(str(folder)))
        for migration in (*migrations, *migrations.post_apply):
            file = Path(migration.path)
            migration.load()
        file = folder
        return [*backend.to_apply(migrations), *migrations.post_apply]
    # KeyError for another value of transactional, ValueError for a circle.
    except (yoyo.exceptions.BadMigration, KeyError, ValueError) as error:
        mend = (
            "Let -- transactional: be true or false and -- depends: name other migrations, "
            "in files in UTF-8."
        )
        raise _StoppedError(file, f"yoyo cannot read it: {error!r}", mend) from error


def _in_any_order(schema: str) -> list[str]:
    """Return the lines with the columns of each table in order: none can be put back."""
    lines: list[str] = []
    for paragraph in schema.split("\n\n"):
        columns = paragraph.splitlines()
        if _TABLE.match(paragraph) and columns[-1].startswith(")"):
            first, *columns, last = columns
            columns = [first, *sorted(column.rstrip(",") for column in columns), last]
        lines += columns
    return lines


class _Inspection:
    def __init__(self, dsn: str, backend: Any, problems: list[Problem]) -> None:
        self._dsn = dsn
        self._backend = backend
        self._problems = problems

    def run(self, migration: Any, file: Path, before: str) -> tuple[list[Step], str]:
        """Return the steps of a migration and the schema that it makes."""
        steps: list[Step] = []
        if migration.is_raw_sql():
            steps = self._observe(file, is_transaction=migration.use_transactions)
        else:
            with _told(file):
                self._backend.apply_one(migration)
        applied = dump(self._dsn)
        if (rollback := _rollback(file)).exists():
            if migration.use_transactions:
                self._observe(rollback, is_transaction=True, is_kept=False)
            with _told(rollback):
                self._backend.rollback_one(migration)
            what = "after it the schema is another than before the migration"
            mend = "Undo all that the migration does, and nothing else."
            self._compare(rollback, before, dump(self._dsn), what, mend)
            with _told(file, "after its rollback it cannot be applied again"):
                self._backend.apply_one(migration)
            what = "applied again after its rollback, it makes another schema"
            mend = "Let it do the same whatever is there, and its rollback undo all of it."
            self._compare(file, applied, again := dump(self._dsn), what, mend)
            applied = again
        return steps, applied

    def _compare(self, file: Path, old: str, new: str, what: str, mend: str) -> None:
        lines = unified_diff(
            _in_any_order(old), _in_any_order(new), "wanted", "is", lineterm=""
        )
        if detail := "\n".join(lines):
            problem = Problem(file=file, what=what, detail=detail, mend=mend)
            self._problems.append(problem)

    def _observe(
        self, file: Path, *, is_transaction: bool, is_kept: bool = True
    ) -> list[Step]:
        """Run the statements of a file, and return what each did."""
        steps: list[Step] = []
        # A session of its own, as with yoyo: what one file SETs is not there for the next.
        with psycopg.connect(self._dsn, autocommit=True) as conn, _told(file):
            # A savepoint for each statement, as with yoyo: without one, a table that this
            # transaction has rewritten keeps its file at a TRUNCATE.
            scope = conn.transaction if is_transaction else nullcontext
            whole = conn.transaction(force_rollback=not is_kept)
            with whole if is_transaction else nullcontext():
                before = _state(conn)
                known = before.relations.keys()
                for statement, offset in _statements(file):
                    if not conn.info.transaction_status:
                        self._refuse_unseen(conn, file, statement, offset)
                    with _told(file, offset=offset), scope():
                        conn.execute(statement.encode())
                    after = _state(conn)
                    is_seen = conn.info.transaction_status == TransactionStatus.INTRANS
                    step = _step(statement, before, after, known, is_observed=is_seen)
                    if not before.has_lock_timeout:
                        self._refuse_waiting(file, step, offset)
                    if is_kept:
                        self._refuse_unfilled(file, before, after, known, offset)
                    steps.append(step)
                    before = after
        return steps

    def _refuse_unseen(
        self, conn: psycopg.Connection[Any], file: Path, statement: str, offset: int | None
    ) -> None:
        """Try outside a transaction what can be tried within one, for its locks."""
        with suppress(psycopg.Error), conn.transaction(force_rollback=True):
            before = _state(conn)
            conn.execute(statement.encode())
            after = _state(conn)
            known = before.relations.keys()
            step = _step(statement, before, after, known, is_observed=True)
            if not before.has_lock_timeout:
                self._refuse_waiting(file, step, offset)

    def _refuse_unfilled(
        self,
        file: Path,
        before: _State,
        after: _State,
        known: Set[int],
        offset: int | None,
    ) -> None:
        for oid in known & before.relations.keys() & after.relations.keys():
            now = after.relations[oid]
            for number in now.columns.keys() - before.relations[oid].columns.keys():
                if (name := now.columns[number]) is not None:
                    what = (
                        f"{name} is added to {now.name} as NOT NULL and without a default: "
                        "it fails where there is a row"
                    )
                    mend = (
                        "Give it a DEFAULT; or add it as NULL, fill it, and SET NOT NULL."
                    )
                    problem = Problem(file=file, offset=offset, what=what, mend=mend)
                    self._problems.append(problem)

    def _refuse_waiting(self, file: Path, step: Step, offset: int | None) -> None:
        tables = [lock.table for lock in step.locks if lock.mode == "ACCESS EXCLUSIVE"]
        if step.is_observed and tables:
            what = (
                f"{step.statement} takes ACCESS EXCLUSIVE on {', '.join(tables)} without a "
                "lock timeout: while it waits, all who come later wait behind it"
            )
            mend = "Write before it: SET LOCAL lock_timeout = '5s';"
            self._problems.append(Problem(file=file, offset=offset, what=what, mend=mend))


@contextmanager
def _told(
    file: Path, what: str = "it fails", *, offset: int | None = None
) -> Generator[None]:
    """Make the driver's error a problem of the file; nothing more is run."""
    try:
        yield
    except psycopg.Error as error:
        if (error.sqlstate or "08").startswith(("08", "57P")):
            raise  # of the session, and no mistake of the file
        if offset is not None and error.diag.statement_position:
            offset += int(error.diag.statement_position) - 1
        message = error.diag.message_primary or str(error)
        details = [each for each in (message, error.diag.message_detail) if each]
        hint = error.diag.message_hint
        # What somebody has built on a table is not to be dropped with it.
        mend = hint if hint and "CASCADE" not in hint else "Mend the statement."
        raise _StoppedError(file, f"{what}: {'; '.join(details)}", mend, offset) from error


def _statements(file: Path) -> Iterator[tuple[str, int | None]]:
    """Give the statements as yoyo splits them, and where in the file they are found."""
    read: Any = import_module("yoyo.migrations").read_sql_migration
    text = file.read_text("utf-8")
    end = 0
    for statement in read(str(file))[2]:
        if code := statement[_end(_LINE_COMMENTS, statement) :]:
            offset = text.find(code, end)
            end = max(end, offset + len(code) if offset >= 0 else 0)
            yield code, offset if offset >= 0 else None


def _step(
    statement: str, before: _State, after: _State, known: Set[int], *, is_observed: bool
) -> Step:
    old = {oid: each for oid, each in before.relations.items() if oid in known}
    both = [(old[oid], after.relations[oid]) for oid in old.keys() & after.relations.keys()]
    taken = [
        (old[held.relation].name, held.mode)
        for held in after.locks - before.locks
        if held.relation in old
    ]
    # Where a table is locked in several modes, the one that most have to wait for.
    strongest = dict(sorted(taken, key=lambda lock: _MODES.index(lock[1])))
    line = " ".join(statement[_end(_COMMENTS, statement) :].split())
    return Step(
        statement=line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…",
        locks=[Lock(table=table, mode=mode) for table, mode in sorted(strongest.items())],
        rewrites=sorted(was.name for was, now in both if was.filenode != now.filenode),
        scans=sorted(
            was.name
            for was, now in both
            if is_observed and (was.scans or 0) < (now.scans or 0)
        ),
        is_observed=is_observed,
    )
