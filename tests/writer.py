"""A process that writes on and on, and says what was acknowledged."""

import sys
from itertools import count
from time import sleep

import psycopg

from production_sql import bundles
from production_sql.dtos import DraftBundleDTO

from .samples import bundle


def written(name: str, number: int) -> DraftBundleDTO:
    """Return the bundle that a writer writes with a number."""
    key = f"{name}_{number}"
    return bundle(key, f"{key}_a", f"{key}_b")


def write(dsn: str, name: str) -> None:
    """Print the number of each bundle once it is written, until there is no reader."""
    conn = None
    for number in count():
        while True:
            try:
                conn = conn or psycopg.connect(dsn, autocommit=True)
                bundles.upsert(conn, written(name, number))
                break
            except psycopg.OperationalError:
                conn = None  # the server is away: made again, the call gives the same
                sleep(0.05)
        print(number, flush=True)


if __name__ == "__main__":
    try:
        write(*sys.argv[1:])
    except BrokenPipeError:
        sys.exit()
