"""Many drafts at once, into empty tables and once more."""

import gc
from random import Random

from production_sql import ContentDraftDTO

from .check import DifferentError, stored
from .contestants import Contestant
from .data import draft
from .measure import Results
from .peers.own import Own
from .peers.psycopg_bulk import CopyAndMerge
from .server import Server

_PREFIX = "bulk_"
_IN_EACH_ROUND = (Own.name, CopyAndMerge.name)


def bulk(contestants: list[Contestant], size: int, rounds: int, server: Server) -> Results:
    """Measure what it takes to store new drafts, and to store them again."""
    contestants = [each for each in contestants if each.has("upsert_many")]
    new, unchanged = (f"{size:,} drafts in bulk, {state}" for state in ("new", "unchanged"))
    results: Results = {
        name: {each.name: {} for each in contestants} for name in (new, unchanged)
    }
    drafts = [draft(f"{_PREFIX}{number:06}", number) for number in range(size)]
    _check_equal(contestants, drafts[:100], server)
    gc.collect()
    gc.freeze()
    order = list(contestants)
    random = Random(0)  # noqa: S311
    for number in range(rounds):
        if number:  # the others take long, and are not what the target is about
            order = [each for each in contestants if each.name in _IN_EACH_ROUND]
        random.shuffle(order)
        for contestant in order:
            server.run("server/clear")
            for name in (new, unchanged):
                # Otherwise who reads new rows first writes the hint bits of their pages,
                # which no reader of a table in use does. A vacuum writes them once the
                # commit is on disk.
                server.run("server/checkpoint")
                server.run("server/analyze")
                server.run("server/checkpoint")
                position, server_cpu = server.wal_position(), server.cpu(contestant.prefix)
                cpu_time, wall_time = contestant.turn("upsert_many", [drafts])
                for metric, value in {
                    "cpu": cpu_time,
                    "wall": wall_time,
                    "wal": server.wal_position() - position,
                    "server_cpu": server.cpu(contestant.prefix) - server_cpu,
                }.items():
                    results[name][contestant.name].setdefault(metric, []).append(value)
    gc.unfreeze()
    return results


def _check_equal(
    contestants: list[Contestant], drafts: list[ContentDraftDTO], server: Server
) -> None:
    expected = None
    for contestant in contestants:
        server.run("server/clear")
        counts = contestant.results("upsert_many", [drafts, drafts])
        outcome = (counts, stored(_PREFIX, server))
        expected = expected or outcome
        if outcome != expected:
            raise DifferentError(
                f"drafts in bulk: {contestant.name} does not write what "
                f"{contestants[0].name} writes; rows written: {counts}, {expected[0]}"
            )
