"""bundles.upsert_many: what is of bundles alone, their lists and whose their assets are."""

import os
from collections.abc import Callable, Sequence
from itertools import permutations
from random import Random
from typing import Any

import pytest
from msgspec import structs
from psycopg.errors import UniqueViolation

from production_sql import (
    AssetConflictError,
    DraftBundleDTO,
    InvalidValueError,
    assets,
    bundles,
    drafts,
)

from .client import SECONDS, TABLES, Background, Client, Observer, ids, read, rounds
from .model import Model
from .samples import NOON, asset, bundle, draft

Write = Callable[[Client, Sequence[DraftBundleDTO], int], int]


def at_once(client: Client, given: Sequence[DraftBundleDTO], size: int) -> int:
    written: int = client(bundles.upsert_many, given, batch_size=size)
    return written


def one_by_one(client: Client, given: Sequence[DraftBundleDTO], _: int) -> int:
    """Do what upsert_many is to do."""
    client.use_transactions()
    results: list[bool] = []
    try:
        for each in given:
            results.append(client(bundles.upsert, each))  # noqa: PERF401 - told where it ends
    except AssetConflictError as error:
        client.rollback()
        where = f"bundles.upsert_many: bundles[{len(results)}]"
        raise AssetConflictError(f"{where}: {error}") from None
    finally:
        client.commit()
        client.set_autocommit(True)
    return sum(results)


def some_bundle(random: Random) -> DraftBundleDTO:
    listed = [
        asset(
            key,
            asset_type=random.choice(["image", "image", "text"]),
            url=random.choice(["one", "one", "two"]),
            metadata=random.choice([{}, {}, {"b": 1}]),
        )
        for key in random.sample("abcdefg", random.randrange(4))
    ]
    return bundle(
        f"bundle_{random.randrange(4)}",
        assets=listed,
        draft_id=random.choice(["draft_1", "draft_1", "draft_2"]),
        assembled_at=random.choice([NOON, NOON, NOON.replace(hour=13)]),
    )


def some_loads(random: Random) -> list[list[DraftBundleDTO]]:
    """Return some loads, most of which can be stored."""
    model = Model()
    loads: list[list[DraftBundleDTO]] = []
    for _ in range(6):
        load: list[DraftBundleDTO] = []
        for _ in range(random.randrange(10)):
            given = some_bundle(random)
            try:
                model.upsert_bundle(given)
            except AssetConflictError:
                if random.random() < 0.97:
                    continue
            load.append(given)
        loads.append(load)
    return loads


def effects(
    client: Client,
    observer: Observer,
    write: Write,
    loads: Sequence[Sequence[DraftBundleDTO]],
    size: int,
) -> list[Any]:
    """Return what each load gives, what is stored then, and which rows stay as they are."""

    def rows() -> dict[str, dict[str, Any]]:
        stored = observer.rows(TABLES[1]) + observer.rows(TABLES[2])
        return {row.get("asset_id", "") or row["bundle_id"]: row for row in stored}

    for table in TABLES:
        client.execute(f"DELETE FROM {table}")
    found: list[Any] = []
    for given in loads:
        before = rows()
        try:
            result: Any = write(client, given, size)
        except AssetConflictError as error:
            result = str(error)
        kept = {
            key: [
                key in before and row[name] == before[key][name]
                for name in ("created_at", "updated_at", "xmin", "ctid")
            ]
            for key, row in rows().items()
        }
        found.append((result, read(client, bundles.stream(client.conn)), kept))
    return found


@pytest.mark.parametrize("seconds", SECONDS[1:])
def test_what_is_written_is_what_upserts_one_by_one_would_write(
    client: Client, observer: Observer, seconds: float
) -> None:
    random = Random(int(os.environ["PRODUCTION_SQL_SEED"]))
    for _ in rounds(15, seconds):
        loads = some_loads(random)
        size = random.choice([1, 2, 3, 100])

        found = effects(client, observer, at_once, loads, size)

        assert found == effects(client, observer, one_by_one, loads, size), (loads, size)


JOINS = ["hashjoin", "mergejoin", "nestloop"]
LISTS = ["", "a", "abc", "cba", "cab", "bcd", "abcd", "dcba", "xyz", "axbycz", "zaybx"]


@pytest.mark.parametrize("client", ["sync"], indirect=True)  # the plans are the server's
@pytest.mark.torture
@pytest.mark.parametrize("joins", JOINS)
def test_lists_of_many_are_replaced_as_that_of_one_is_by_any_plan(
    client: Client, observer: Observer, joins: str
) -> None:
    for other in set(JOINS) - {joins}:
        client.execute(f"SET enable_{other} = off")
    loads = [
        [
            bundle(f"bundle_{n}", *(f"{key}_{n}" for key in pair[place]))
            for n, pair in enumerate(permutations(LISTS, 2))
        ]
        for place in (0, 1)
    ]
    loads.append([structs.replace(each, draft_id="draft_2") for each in loads[1]])
    for field in ("asset_type", "url", "metadata"):
        for step in (1, -1):  # in its place, and as it moves
            change: Any = {field: {"step": step} if field == "metadata" else f"{step}"}
            loads.append(
                [
                    structs.replace(
                        each,
                        assets=[
                            structs.replace(listed, **change)
                            for listed in each.assets[::step]
                        ],
                    )
                    for each in loads[-1]
                ]
            )

    found = effects(client, observer, at_once, loads, 1000)

    assert found == effects(client, observer, one_by_one, loads, 1000)


def test_what_is_unchanged_is_not_locked(client: Client, observer: Observer) -> None:
    given = [bundle(f"bundle_{n}", f"{n}") for n in range(3)]
    client(bundles.upsert_many, given)
    with observer.conn.transaction():
        observer.conn.execute(
            "SELECT FROM production_bundles WHERE bundle_id != 'bundle_1' FOR UPDATE"
        )
        client.execute("SET lock_timeout = '1ms'")
        given[1] = bundle("bundle_1", "1", "new")

        assert client(bundles.upsert_many, given) == 1


@pytest.mark.parametrize("is_autocommit", [True, False])
@pytest.mark.parametrize("size", [1, 5, 100])
def test_an_asset_of_another_bundle_is_told_with_its_place_and_undoes_all_of_the_call(
    client: Client, observer: Observer, is_autocommit: bool, size: int
) -> None:
    client(bundles.create, bundle("owner", "theirs"))
    before = observer.everything()
    client.set_autocommit(is_autocommit)
    given = [bundle(f"bundle_{n}", f"{n}") for n in range(20)]
    given[12] = bundle("bundle_12", "new", "theirs")
    given[13] = bundle("bundle_13", "theirs")

    with pytest.raises(AssetConflictError) as raised:
        client(bundles.upsert_many, given, batch_size=size)

    assert str(raised.value) == (
        "bundles.upsert_many: bundles[12]: asset 'theirs' belongs to bundle 'owner' and "
        "cannot go to bundle 'bundle_12': take it out of the list there first"
    )
    client.commit()
    assert observer.everything() == before


def test_of_several_assets_of_others_the_first_in_the_list_is_named(client: Client) -> None:
    client(bundles.create, bundle("owner", *"abc"))

    with pytest.raises(AssetConflictError, match="asset 'c' belongs to"):
        client(bundles.upsert_many, [bundle("bundle_1", "new", "c", "a", "b")])


def test_a_bundle_and_an_asset_with_one_id_are_written_in_one_batch(client: Client) -> None:
    told: list[int] = []

    client(
        bundles.upsert_many, [bundle("a", "b"), bundle("b", "a")], on_progress=told.append
    )

    assert told == [2]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_an_asset_goes_to_a_bundle_that_comes_after_the_one_that_gives_it_up(
    client: Client, size: int
) -> None:
    # From each to the next one, which was stored with it or not.
    count = 10
    client(bundles.upsert_many, [bundle(f"bundle_{n}", f"{n}") for n in range(count // 2)])
    client(bundles.upsert, bundle("bundle_last", "last"))
    given = [bundle(f"bundle_{n}", f"{n - 1}") for n in range(count)]

    assert client(bundles.upsert_many, given, batch_size=size) == count

    stored = read(client, bundles.stream(client.conn))
    assert stored == [*given[: count // 2], bundle("bundle_last", "last"), *given[5:]]


@pytest.mark.parametrize("size", [1, 100])
def test_an_asset_goes_to_no_bundle_that_comes_before_the_one_that_gives_it_up(
    client: Client, size: int
) -> None:
    client(bundles.create, bundle("bundle_1", "a"))
    given = [bundle("bundle_0", "z"), bundle("bundle_2", "a"), bundle("bundle_1")]

    with pytest.raises(AssetConflictError, match=r"bundles\[1\].*to bundle 'bundle_2'"):
        client(bundles.upsert_many, given, batch_size=size)


def test_the_same_asset_twice_in_a_bundle_is_told_with_both_places(client: Client) -> None:
    given = [bundle(f"bundle_{n}", f"{n}") for n in range(20)]
    given[12] = bundle("bundle_12", "a", "b", "c", "b")

    with pytest.raises(InvalidValueError) as raised:
        client(bundles.upsert_many, given, batch_size=5)

    assert str(raised.value) == (
        "bundles.upsert_many: bundles[12].assets[3].asset_id: 'b' is that of assets[1] "
        "too: a bundle has an asset once"
    )
    assert read(client, bundles.stream(client.conn)) == []


@pytest.mark.parametrize("listed", [None, 1, [None], [asset(["a"])], [asset("")]])
def test_a_bad_list_is_told_with_its_place(client: Client, listed: Any) -> None:
    given = [bundle("bundle_1"), bundle("bundle_2", assets=listed)]

    with pytest.raises(
        InvalidValueError, match=r"^bundles\.upsert_many: bundles\[1\]\.ass"
    ):
        client(bundles.upsert_many, given)


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("is_autocommit", [True, False])
def test_of_a_load_and_a_call_that_want_one_new_asset_the_second_waits_and_loses(
    client: Client, observer: Observer, is_kept: bool, is_autocommit: bool
) -> None:
    client(bundles.create, bundle("bundle_0"))
    client.use_transactions()
    client(assets.create, "bundle_0", asset("m"))
    with Client.connected(client.dsn, client.kind) as second:
        second.set_autocommit(is_autocommit)
        second(drafts.create, draft("before"))
        given = [bundle("bundle_1", "a"), bundle("bundle_2", "m")]
        blocked = Background(second, bundles.upsert_many, given)
        blocked.wait_until_blocked(observer)
        if is_kept:
            client.commit()
            with pytest.raises(
                AssetConflictError, match=r"bundles\[1\]: asset 'm'"
            ) as told:
                blocked.finish()
            assert isinstance(told.value.__cause__, UniqueViolation)
        else:
            client.rollback()
            assert blocked.finish() == 2

        second(drafts.create, draft("after"))
        second.commit()
    assert ids(observer.rows("production_drafts"), "draft_id") == ["before", "after"]
    stored = ids(observer.rows("production_bundles"), "bundle_id")
    assert stored == ["bundle_0", *([] if is_kept else ["bundle_1", "bundle_2"])]


def test_a_list_that_another_session_has_just_written_is_replaced_whole(
    client: Client, observer: Observer
) -> None:
    given = [bundle("bundle_0", "0"), bundle("bundle_1", "c", "y", "b"), bundle("bundle_2")]
    client(bundles.create, bundle("bundle_1", "a", "b", "c"))
    client.use_transactions()
    client(bundles.upsert, bundle("bundle_1", "b", "x", "a"))
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, bundles.upsert_many, given)
        blocked.wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() == 3

    stored = read(client, bundles.stream(client.conn))
    assert stored == [given[1], given[0], given[2]]


def test_a_bundle_that_is_being_discarded_is_stored_anew_in_its_place(
    client: Client, observer: Observer
) -> None:
    given = [bundle(f"bundle_{n}", f"{n}") for n in range(3)]
    client(bundles.create, bundle("bundle_1", "a"))
    client.use_transactions()
    client(bundles.discard, "bundle_1")
    with Client.connected(client.dsn, client.kind) as second:
        blocked = Background(second, bundles.upsert_many, given)
        blocked.wait_until_blocked(observer)
        client.commit()

        assert blocked.finish() == 3

    assert read(client, bundles.stream(client.conn)) == given


@pytest.mark.parametrize("is_load_first", [True, False])
def test_a_load_and_a_bundle_that_want_the_same_new_assets_never_deadlock(
    client: Client, observer: Observer, is_load_first: bool
) -> None:
    # Whoever comes first waits for m with a in hand; the other must not have z by now.
    calls: list[tuple[Any, ...]] = [
        (bundles.upsert_many, [bundle("bundle_1", "z", "m"), bundle("bundle_2", "a")]),
        (bundles.upsert, bundle("bundle_3", "z", "a")),
    ]
    if not is_load_first:
        calls = [
            (bundles.upsert, bundle("bundle_3", "z", "m", "a")),
            (bundles.upsert_many, [bundle("bundle_1", "z"), bundle("bundle_2", "a")]),
        ]
    client(bundles.create, bundle("bundle_0"))
    client.use_transactions()
    client(assets.create, "bundle_0", asset("m"))
    with (
        Client.connected(client.dsn, client.kind) as second,
        Client.connected(client.dsn, client.kind) as third,
    ):
        one = Background(second, *calls[0]).wait_until_blocked(observer)
        two = Background(third, *calls[1]).wait_until_blocked(observer)
        client.rollback()

        assert one.finish() in (True, 2)
        with pytest.raises(AssetConflictError):
            two.finish()


def test_a_load_deletes_nothing_before_it_has_all_that_it_waits_for(
    client: Client, observer: Observer
) -> None:
    # One waits for m with a in hand and is to come to z; the load has had z since, and
    # waits for a. If it had deleted z by now, each would wait for the other.
    client(bundles.create, bundle("bundle_0"))
    client.use_transactions()
    client(assets.create, "bundle_0", asset("m"))
    with (
        Client.connected(client.dsn, client.kind) as second,
        Client.connected(client.dsn, client.kind) as third,
    ):
        one = Background(second, bundles.upsert, bundle("bundle_1", "a", "m", "z"))
        one.wait_until_blocked(observer)
        third(bundles.upsert, bundle("bundle_2", "z"))
        given = [bundle("bundle_2"), bundle("bundle_3", "a")]
        two = Background(third, bundles.upsert_many, given).wait_until_blocked(observer)
        client.rollback()

        with pytest.raises(AssetConflictError):
            one.finish()
        assert two.finish() == 2


def test_a_batch_and_a_discard_of_its_bundles_never_deadlock(
    client: Client, observer: Observer
) -> None:
    # Both come to bundle_1 before bundle_2, whatever the order given.
    given = [bundle(f"bundle_{n}", f"{n}") for n in (2, 1)]
    client(bundles.upsert_many, [bundle("bundle_1", "a"), bundle("bundle_2", "b")])
    client.use_transactions()
    client.execute("SELECT FROM production_bundles WHERE bundle_id = 'bundle_1' FOR UPDATE")
    with (
        Client.connected(client.dsn, client.kind) as second,
        Client.connected(client.dsn, client.kind) as third,
    ):
        one = Background(second, drafts.discard, "draft_1").wait_until_blocked(observer)
        two = Background(third, bundles.upsert_many, given).wait_until_blocked(observer)
        client.rollback()

        assert one.finish() is True
        assert two.finish() == 2
        assert read(second, bundles.stream(second.conn)) == given
