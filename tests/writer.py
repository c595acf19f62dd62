"""A process that writes on and on, and says what was acknowledged."""

import sys
from itertools import count

import psycopg

from production_sql import bundles
from production_sql.dtos import DraftBundleDTO

from .samples import bundle


def version(name: str, number: int) -> DraftBundleDTO:
    """Return the bundle of a writer, another at each number, its list too."""
    return bundle(name, *(f"{name}_{number + place}" for place in range(3)))


def write(dsn: str, name: str) -> None:
    """Print the number of each version once it is written, until there is no reader."""
    conn = None
    for number in count():
        while True:
            try:
                conn = conn or psycopg.connect(dsn, autocommit=True)
                bundles.upsert(conn, version(name, number))
                break
            except psycopg.OperationalError:
                conn = None  # the server is away: made again, the call gives the same
        print(number, flush=True)


if __name__ == "__main__":
    try:
        write(*sys.argv[1:])
    except BrokenPipeError:
        sys.exit()
