"""python -m production_sql review: what a change does, for those who review it."""

import re
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from enum import IntEnum
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from msgspec import Struct, field

from ..errors import ProductionError
from . import checking, contract, git, migrations
from .annotations import takes_none
from .catalog import Catalog
from .describe import Facts, connect, describe
from .migrations import Migration, Migrations
from .package import Package
from .problem import Problem
from .server import Server
from .shapes import nulls
from .text import Text


class Verdict(IntEnum):
    """What is to be done with a change; the exit status of the command."""

    FINE = 0
    LOOK = 1
    BROKEN = 2


_BREAKS = "**breaks**"
_IMPACT = "## What the migrations do to the queries as they were"
_WORDS = {
    Verdict.FINE: "fine: no query and no schema is another than before",
    Verdict.LOOK: "a reviewer must look",
    Verdict.BROKEN: "broken",
}


class Review(Struct, kw_only=True):
    """A report in Markdown, and its verdict."""

    verdict: Verdict = Verdict.FINE
    parts: list[str] = field(default_factory=list[str])

    def add(self, verdict: Verdict, *lines: str) -> None:
        """Add a paragraph, which makes the verdict at least this one."""
        self.verdict = max(self.verdict, verdict)
        self.parts.append("\n".join(lines))

    def __str__(self) -> str:
        head = f"# SQL review\n\n**Verdict: {_WORDS[self.verdict]}.**"
        return "\n\n".join([head, *self.parts]) + "\n"


def review(package: Package, server: Server, revision: str) -> Review:
    """Compare the package as it is here with where it parted from a revision.

    Raises ProductionError if there is no such revision, and the driver's errors for a
    server that cannot be asked.
    """
    found = Review()
    repository = git.root(package.folder)
    with (
        TemporaryDirectory(prefix="production_sql-") as temporary,
        checking.inspected(package, server) as made,
    ):
        base = Path(temporary)
        git.checkout(repository, revision, base)
        _refused(found, list(checking.problems(package, server.version, made)))
        if package.migrations is not None:
            if not package.migrations.is_relative_to(repository):
                raise ProductionError(
                    f"--migrations: {package.migrations} is not in {repository}"
                )
            old = base / package.migrations.relative_to(repository)
            moved = [file.parent for file in base.rglob(migrations.CHECKSUMS)]
            if not old.is_dir() and len(moved) == 1:
                (old,) = moved
            _migrations(found, made, old, package.migrations)
            is_same = migrations.published(old) == migrations.published(package.migrations)
            if not (is_same or made.is_cut):
                try:
                    with migrations.migrated(server, old) as dsn:
                        _impact(found, package, repository, base, dsn, made.dsn)
                except psycopg.Error as error:
                    what = f"Not known: the migrations of {revision} fail: {error}"
                    found.add(Verdict.LOOK, _IMPACT, "", what)
        _queries(found, package, repository, base)
    return found


def _refused(found: Review, problems: list[Problem]) -> None:
    if problems:
        count = f"{len(problems)} problem{'s' * (len(problems) > 1)}"
        found.add(
            Verdict.BROKEN,
            f"## What check refuses: {count}",
            "",
            "````text",
            *map(str, problems),
            "````",
        )


def _kept(package: Package, repository: Path, base: Path) -> set[Path]:
    """Return the contracts of the base that are the package's, or nobody's any more."""
    folders = [folder.relative_to(repository) for folder in package.folders]
    there = {file.relative_to(base) for file in base.rglob("*.contract")}
    return {
        file
        for file in there
        if file.parents[1] in folders or not (repository / file).exists()
    }


def _queries(found: Review, package: Package, repository: Path, base: Path) -> None:
    here = {
        contract.path(query.file.resolve()).relative_to(repository)
        for query in package.queries
    }
    heading = ["## Queries", ""]
    for file in sorted(here | _kept(package, repository, base)):
        old, new = _read(base / file), _read(repository / file)
        if old == new:
            continue
        what = "added" if not old else "removed" if not new else "changed"
        name = f"{file.parent.name}.{file.stem}"
        found.add(
            Verdict.LOOK,
            *heading,
            f"### `{name}` is {what}",
            "",
            "```diff",
            *_diff(old, new),
            "```",
        )
        heading = []


def _read(file: Path) -> str:
    return file.read_text("utf-8", "replace") if file.exists() else ""


def _diff(old: str, new: str) -> Iterator[str]:
    # All of it, so that what stays is there to be seen.
    lines = list(unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=10_000))
    return (line.rstrip() for line in lines[3:])


def _migrations(found: Review, made: Migrations, old: Path, new: Path) -> None:
    published, here = migrations.published(old), migrations.published(new)
    lines = [
        f"- `{name}` is {'edited' if name in here else 'gone'}: who has applied it will "
        "not apply it again. Restore it, and write a new migration."
        for name, checksum in published.items()
        if here.get(name) != checksum
    ]
    verdict = Verdict.BROKEN if lines else Verdict.LOOK
    for migration in made.migrations:
        if migration.file.name not in published:
            lines += ["", *_steps(migration)] if lines else _steps(migration)
    if lines:
        found.add(verdict, "## Migrations", "", *lines)


def _steps(migration: Migration) -> Iterator[str]:
    yield f"### `{migration.id}` is added"
    yield ""
    yield "| statement | locks on what was there | rewrites | reads all of |"
    yield "|---|---|---|---|"
    for step in migration.steps:
        locks = ", ".join(f"{lock.mode} on {lock.table}" for lock in step.locks)
        if not step.is_observed:
            locks = "not seen: it runs outside a transaction"
        cells = [
            f"`{step.statement}`",
            locks,
            ", ".join(step.rewrites),
            ", ".join(step.scans),
        ]
        yield "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _impact(
    found: Review, package: Package, repository: Path, base: Path, old: str, new: str
) -> None:
    """Describe the queries as they were, in the schema as it was and as it is."""
    optional = {
        query.file.resolve().relative_to(repository): {
            name: takes_none(annotation) for name, annotation in query.annotations.items()
        }
        for query in package.queries
    }
    kept = {base / file.with_suffix(".sql") for file in _kept(package, repository, base)}
    folders = [base / folder.relative_to(repository) for folder in package.folders]
    kept.update(file for folder in folders for file in folder.glob("*/*.sql"))
    files = sorted(file for file in kept if file.exists())
    was = _described(old, base, files, optional)
    now = _described(new, base, files, optional)
    rows: list[str] = []
    plans: list[str] = []
    for file in files:
        before, after = was[file], now[file]
        if isinstance(before, str):
            continue  # it was broken before
        name = f"`{file.parent.name}.{file.stem}`"
        if isinstance(after, str):
            rows.append(f"| {name} | {_BREAKS}: {_cell(after)} |")
            continue
        rows += [f"| {name} | {_cell(what)} |" for what in _differences(before, after)]
        if before.plan != after.plan:
            rows.append(f"| {name} | its plan is another |")
            was_kept = contract.path(file)
            if _read(was_kept) == _read(repository / was_kept.relative_to(base)):
                # Or else it is below, in the difference of the contracts.
                diff = _diff("\n".join(before.plan), "\n".join(after.plan))
                plans += ["", f"The plan of {name}:", "", "```diff", *diff, "```"]
    if rows:
        is_broken = any(_BREAKS in row for row in rows)
        found.add(
            Verdict.BROKEN if is_broken else Verdict.LOOK,
            _IMPACT,
            "",
            "While a deployment is under way, these run in the new schema.",
            "",
            "| query | in the new schema |",
            "|---|---|",
            *rows,
            *plans,
        )


def _described(
    dsn: str, base: Path, files: list[Path], optional: Mapping[Path, Mapping[str, bool]]
) -> dict[Path, Facts | str]:
    """Return what the server says of each file, or its error."""
    found: dict[Path, Facts | str] = {}
    with connect(dsn) as conn:
        catalog = Catalog(conn)
        for file in files:
            known = dict(optional.get(file.relative_to(base), {}))
            # Better what they were: a contract of then tells.
            kept = _read(contract.path(file))
            for name, annotation in re.findall(r"^takes (\w+): (.*)$", kept, re.MULTILINE):
                known[name] = annotation == "Any" or "None" in annotation.split(" | ")
            try:
                text = Text(file)
                nulls = [known.get(name, False) for name in text.placeholders]
                found[file] = describe(conn, catalog, text.statement, nulls)
            except psycopg.Error as error:
                found[file] = error.diag.message_primary or str(error)
            except (TypeError, ValueError) as error:  # a percent sign, or no UTF-8
                found[file] = str(error)
    return found


def _differences(before: Facts, after: Facts) -> Iterator[str]:
    parameters = zip(before.parameters, after.parameters, strict=True)
    for number, (took, takes) in enumerate(parameters, 1):
        if took.type.name != takes.type.name:
            yield f"parameter {number} takes {takes.type.name}, not {took.type.name}"
        for column in takes.stored:
            could = any(column.name == was.name and was.is_not_null for was in took.stored)
            if takes.can_be_null and column.is_not_null and not could:
                yield (
                    f"{_BREAKS}: parameter {number} can be None, and {column.table}."
                    f"{column.name} is NOT NULL"
                )
    known = {(column.table, column.name) for column in before.missing}
    for column in after.missing:
        if (column.table, column.name) not in known:
            yield f"{_BREAKS}: {column.table}.{column.name} is NOT NULL and given no value"
    for old, new in zip_longest(before.outputs, after.outputs):
        if old is None:
            yield f"column {new.name} is new"
            continue
        if new is None:
            yield f"column {old.name} is gone"
            continue
        if old.name != new.name:
            yield f"column {old.name} is {new.name}"
            continue
        if old.type.name != new.type.name:
            yield f"column {old.name} is {new.type.name}, not {old.type.name}"
        if old.can_be_null != new.can_be_null:
            can = "can" if new.can_be_null else "can no longer"
            yield f"column {old.name} {can} be NULL"
        for path in sorted(nulls(new.shape) - nulls(old.shape)):
            yield f"column {old.name}: {old.name}{path} can be null"
    for table in sorted(after.scans.keys() - before.scans.keys()):
        yield f"**no index serves it any more**: all of {table} is read"
