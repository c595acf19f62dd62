"""The command line: python -m production_sql."""

import argparse
import os
import signal
import subprocess
import sys
import traceback
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path

import psycopg

from . import demo, embedded
from .errors import ProductionError


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        print("production_sql: a standard stream is closed: give it /dev/null")
        return 1
    arguments = _parser().parse_args(argv)
    failed = 2 if arguments.run is _review else 1
    try:
        status: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return 130
    except (
        ProductionError,
        psycopg.Error,
        ModuleNotFoundError,
        subprocess.SubprocessError,
    ) as error:
        print(f"production_sql: {type(error).__name__}: {error}", file=sys.stderr)
        return failed
    except Exception:
        traceback.print_exc()
        return failed
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m production_sql",
        description="Drafts, bundles and assets in PostgreSQL, by hand-written SQL.",
    )
    parser.add_argument("--version", action="version", version=version("production_sql"))
    commands = parser.add_subparsers(title="commands", required=True)
    command = commands.add_parser(
        "demo",
        help="a tour of the package on a sample campaign",
        description="Stores, replays, fetches, pages, assembles and discards a sample "
        "campaign, step by step, in a schema of its own that is dropped at the end.",
    )
    command.set_defaults(run=_demo)
    command.add_argument(
        "--dsn",
        default=os.environ.get("DATABASE_URL"),
        help="a libpq connection string or URL; by default DATABASE_URL, and without that "
        "a throw-away server of the extra 'embedded'",
    )
    command = commands.add_parser(
        "load",
        help="store the drafts and bundles of files",
        description="Stores drafts and bundles, one a line as a dump has them, a batch a "
        "transaction. What is stored already is not written again, so that a load that was "
        "cut off is gone on with by another one. At the end standard error has the counts. "
        "Exit status 0 if all is stored, 1 if not.",
    )
    command.set_defaults(run=_load)
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="- is standard input; .gz is gzip"
    )
    command.add_argument(
        "--batch-size",
        type=_positive,
        default=500,
        metavar="N",
        help="records a transaction, by default %(default)s",
    )
    command.add_argument(
        "--set-aside",
        metavar="FILE",
        help="a new file for lines that are refused, to be mended and loaded; without it "
        "the first one stops the load, with all before it stored",
    )
    _add_database(command)
    command = commands.add_parser(
        "dump",
        help="write all drafts and bundles to a file",
        description="Writes all drafts and then all bundles, one a line as JSON, as they "
        "are at one moment. A file is replaced once all is written.",
    )
    command.set_defaults(run=_dump)
    command.add_argument(
        "file",
        nargs="?",
        default="-",
        metavar="FILE",
        help="by default -, standard output; .gz is gzip",
    )
    _add_database(command)
    command = commands.add_parser(
        "check",
        help="have a server check every query, its contract and the migrations",
        description="Asks a server what each query takes, gives, reads, writes and locks, "
        "and compares that with its function, its Struct and its contract; and what each "
        "migration does. Exit status 0 if all is well, 1 if not.",
    )
    command.set_defaults(run=_check)
    _add_package(command)
    how = command.add_mutually_exclusive_group()
    how.add_argument(
        "--write", action="store_true", help="write the contracts and snapshots anew"
    )
    how.add_argument(
        "--offline", action="store_true", help="compare what can be without a server"
    )
    command = commands.add_parser(
        "review",
        help="report in Markdown what a change does to queries and schema",
        description="Compares the queries and migrations here with those of where HEAD "
        "parted from a revision. Exit status 0: fine, 1: a reviewer must look, 2: broken.",
    )
    command.set_defaults(run=_review)
    _add_package(command)
    command.add_argument("--base", required=True, help="a revision, such as origin/main")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a number from 1: {text!r}")
    return int(text)


def _add_database(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--dsn",
        default=os.environ.get("DATABASE_URL") or None,
        help="a libpq connection string or URL; by default DATABASE_URL",
    )
    command.add_argument(
        "--schema", help="the schema of the tables; by default that of the search_path"
    )


def _add_package(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--package", default="production_sql", help="a package that declares queries"
    )
    command.add_argument(
        "--migrations",
        type=Path,
        help="its folder of migrations; by default that in the package or beside it",
    )
    command.add_argument(
        "--dsn",
        help="a server on which databases are made and dropped (PostgreSQL 16 or later); "
        "by default a throw-away one of the extra 'embedded'",
    )


def _server(dsn: str | None) -> AbstractContextManager[str]:
    return nullcontext(dsn) if dsn else embedded.server()


def _demo(arguments: argparse.Namespace) -> int:
    with _server(arguments.dsn) as dsn:
        demo.run(dsn)
    return 0


def _load(arguments: argparse.Namespace) -> int:
    from .transfer import load

    set_aside = load.run(
        arguments.dsn,
        arguments.files,
        schema=arguments.schema,
        batch_size=arguments.batch_size,
        set_aside=arguments.set_aside,
    )
    return 1 if set_aside else 0


def _dump(arguments: argparse.Namespace) -> int:
    from .transfer import dump

    try:
        dump.run(arguments.dsn, arguments.file, schema=arguments.schema)
    except BrokenPipeError:
        return 128 + signal.SIGPIPE  # as a shell has it of a program that this ends
    return 0


def _check(arguments: argparse.Namespace) -> int:
    # Here, since its extra is not there for who has the demo only.
    from .check import checking, package
    from .check.server import Server

    found = package.load(arguments.package, arguments.migrations)
    if arguments.write:
        _refuse_installed(found.folder)
    if arguments.offline:
        problems = list(checking.offline(found))
    else:
        with _server(arguments.dsn) as dsn:
            problems = list(checking.check(found, Server(dsn), write=arguments.write))
    for problem in problems:
        print(problem)
    if found.migrations is None:
        print("no folder of migrations in or beside the package: --migrations names it")
    count = f"{len(problems) or 'no'} problem{'s' * (len(problems) != 1)}"
    print(f"{found.name}: {len(found.queries)} queries checked, {count}")
    return 1 if problems else 0


def _refuse_installed(folder: Path) -> None:
    if "site-packages" in folder.parts:
        raise ProductionError(
            f"--package: it is installed in {folder}: name one that is in a checkout"
        )


def _review(arguments: argparse.Namespace) -> int:
    from .check import package, review
    from .check.server import Server

    found = package.load(arguments.package, arguments.migrations)
    _refuse_installed(found.folder)
    with _server(arguments.dsn) as dsn:
        report = review.review(found, Server(dsn), arguments.base)
    print(report, end="")
    return report.verdict


def _stop(number: int, _frame: object) -> None:
    sys.exit(128 + number)  # so that the server and the databases made on one are left


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    sys.exit(main())
