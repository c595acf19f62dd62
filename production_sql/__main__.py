"""The command line: python -m production_sql."""

import argparse
import os
import subprocess
import sys
from contextlib import nullcontext
from importlib.metadata import version

import psycopg

from . import demo, embedded
from .errors import ProductionError


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
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
    command.add_argument(
        "--dsn",
        default=os.environ.get("DATABASE_URL"),
        help="a libpq connection string or URL; by default DATABASE_URL, and without that "
        "a throw-away server of the extra 'embedded'",
    )
    dsn = parser.parse_args(argv).dsn
    try:
        with nullcontext(dsn) if dsn else embedded.server() as server_dsn:
            demo.run(server_dsn)
    except (
        ProductionError,
        psycopg.Error,
        ModuleNotFoundError,
        subprocess.SubprocessError,
    ) as error:
        print(f"production_sql: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
