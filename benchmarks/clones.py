"""What a database costs a test, by the pytest plugin: python -m benchmarks.clones.

Medians, in ms, of making, connecting to and dropping copies of the migrated template. A
server of one's own is named by --dsn.
"""

import argparse
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from statistics import median
from time import perf_counter

import psycopg

from production_sql import embedded, schema
from production_sql.throwaway.databases import Databases, name_of
from production_sql.throwaway.servers import server

ROUNDS = 50


@contextmanager
def timed(into: list[float]) -> Generator[None]:
    """Add how many milliseconds it took."""
    start = perf_counter()
    yield
    into.append((perf_counter() - start) * 1000)


def measured(dsn: str) -> str:
    """Return the medians on a server."""
    made: list[float] = []
    connected: list[float] = []
    dropped: list[float] = []
    with closing(Databases(dsn)) as databases, databases.database() as template:
        schema.apply(template)
        for _ in range(ROUNDS):
            database = databases.database(name_of(template))
            with timed(made):
                of_test = database.__enter__()
            with timed(connected):
                psycopg.connect(of_test).close()
            with timed(dropped):
                database.__exit__(None, None, None)
    all_ = [sum(each) for each in zip(made, connected, dropped, strict=True)]
    parts = [f"{median(each):6.1f}" for each in (made, connected, dropped, all_)]
    return " | ".join([*parts, f"{max(all_):6.1f}"])


def main() -> None:
    """Print a line for each server."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clones")
    parser.add_argument("--dsn", help="a server to be measured instead of these")
    dsn = parser.parse_args().dsn
    servers: dict[str, Callable[[], AbstractContextManager[str]]] = {
        "in memory, without fsync": server,
        "on disk, with fsync": embedded.server,
    }
    print("server                   | make | connect | drop | all | longest")
    if dsn:
        print(f"{'of --dsn':24} | {measured(dsn)}")
        return
    for name, started in servers.items():
        with started() as started_dsn:
            print(f"{name:24} | {measured(started_dsn)}", flush=True)


if __name__ == "__main__":
    main()
