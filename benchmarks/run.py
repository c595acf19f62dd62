"""One run: a server, and all the workloads in turn."""

import asyncio
import sys
from contextlib import ExitStack

from .bulk import bulk
from .contestants import PEERS, Contestant
from .imports import imports
from .measure import Results, Size
from .proxy import proxy
from .server import server
from .singles import OneRoundTrip, singles
from .streams import streams
from .workloads import SINGLE

FULL = Size(
    # psycopg prepares a statement at its sixth call, and of one that is prepared the server
    # looks for five calls more if one plan will do for all.
    warm_up=12,
    calls=50,
    delayed_rounds=10,
    delayed_calls=5,
    rounds=40,
    bulk=50_000,
    bulk_rounds=5,
    stream=200_000,
    stream_rounds=3,
    import_rounds=15,
)
SMOKE = Size(
    warm_up=1,
    rounds=1,
    calls=2,
    delayed_rounds=1,
    delayed_calls=1,
    bulk=200,
    bulk_rounds=1,
    stream=500,
    stream_rounds=1,
    import_rounds=1,
)


def run(size: Size, only: str = "") -> tuple[Results, dict[str, str]]:
    """Measure the workloads with a name that contains ``only``; and say of what server."""
    results: Results = {}
    with ExitStack() as stack:
        started = stack.enter_context(server())
        if workloads := [each for each in SINGLE if only in each.name]:
            with ExitStack() as connections:
                slow = connections.enter_context(proxy(started.dsn, size.delay))
                results |= singles(
                    workloads,
                    _connected(connections, started.dsn, "c"),
                    _connected(connections, slow.dsn, "d"),
                    size=size,
                    server=started,
                    proxy=slow,
                )
        for name, measure, count, rounds in (
            ("drafts in bulk", bulk, size.bulk, size.bulk_rounds),
            ("stream of rows", streams, size.stream, size.stream_rounds),
        ):
            if only in name:
                print(name, file=sys.stderr, flush=True)
                with ExitStack() as connections:
                    contestants = _connected(connections, started.dsn, "c")
                    results |= measure(contestants, count, rounds, started)
        if only in "import":
            results |= imports(size.import_rounds)
        return results, started.about()


def _connected(stack: ExitStack, dsn: str, prefix: str) -> list[Contestant]:
    runner = stack.enter_context(asyncio.Runner())
    contestants: list[Contestant] = []
    for number, kind in enumerate([*PEERS, OneRoundTrip]):
        contestants.append(Contestant(kind, f"{prefix}{number:02}_", dsn, runner))
        stack.callback(contestants[-1].close)
    return contestants
