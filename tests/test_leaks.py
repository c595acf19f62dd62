"""Thousands of calls leave nothing behind: no object, cursor, statement or session."""

import gc
from contextlib import suppress

import pytest

from production_sql import ProductionError, bundles, drafts

from .blog import posts
from .client import Client
from .promises.test_07_the_caller_owns_the_transaction import CALLS, REFUSED
from .samples import bundle, draft
from .test_runner import post

WARM_UP, ROUNDS, TURNS = 1, 3, 40
COUNTS = (
    "SELECT count(*) FROM pg_cursors WHERE name LIKE 'posts%'",
    "SELECT count(*) FROM pg_prepared_statements",
    # An autovacuum may be at work, too.
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND backend_type = 'client backend'",
)


@pytest.mark.torture
@pytest.mark.parametrize("autocommit", [True, False])
def test_calls_leave_nothing_behind_however_many(client: Client, autocommit: bool) -> None:
    client(posts.create_table)
    client(posts.insert, post())
    client(drafts.create, draft())
    client(bundles.create, bundle("bundle_0"))
    client(bundles.create, bundle("bundle_1", "asset_1"))
    client.set_autocommit(autocommit)

    async def leave_stream() -> None:
        async with posts.stream(client.conn) as rows:
            await anext(rows)

    def round_of_calls() -> None:
        for _ in range(TURNS):
            for call in (*CALLS, *(call for _, call in REFUSED)):
                with suppress(ProductionError):
                    client(*call)
            if client.kind == "async":
                client.run(leave_stream())
            else:
                with posts.stream(client.conn) as rows:
                    next(rows)
            client.rollback()

    usage: list[int] = []
    for _ in range(WARM_UP + ROUNDS):
        round_of_calls()
        gc.collect()
        usage.append(len(gc.get_objects()))
        for count in COUNTS:
            ((number,),) = client.execute(count)
            usage.append(number)
        client.rollback()

    size = 1 + len(COUNTS)
    rounds = [usage[i : i + size] for i in range(0, len(usage), size)]
    assert rounds[WARM_UP:] == [rounds[-1]] * ROUNDS
