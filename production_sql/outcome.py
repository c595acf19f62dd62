"""What a writing statement says of itself where a row count is not enough.

All outcomes but 'written' have written nothing, so that an error made of one leaves the
caller's transaction usable and without a trace.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from msgspec import Struct
from psycopg.errors import UniqueViolation

from .errors import AssetConflictError, ProductionError
from .operation import Steps, atomic, once
from .runner import Call

# Of many sessions at one bundle each stale one has been overtaken by another that wrote, so
# that a long row of them is possible; but not this long.
_ATTEMPTS = 1000

# A lost race is seen at the next attempt, unless its winner has gone again meanwhile. In
# REPEATABLE READ it is never seen, and the driver's error stands.
_LOST_RACES = 10


class Outcome(Struct, frozen=True, kw_only=True):
    """Of a statement that can find its snapshot stale, and then has to be run again."""

    outcome: Literal["written", "unchanged", "stale"]


class ManyOutcome(Struct, frozen=True, kw_only=True):
    """Of a statement that writes many rows, of which some can be stale."""

    written: int
    stale: int


class ManyBundlesOutcome(ManyOutcome, frozen=True, kw_only=True):
    """Of a statement that writes many bundles, up to the first that may not be.

    taken are the places of those that list an asset of another bundle, and asset_id is what
    the first of them lists, of the bundle owner.
    """

    taken: list[int]
    asset_id: str | None
    owner: str | None


class AssetOutcome(Struct, frozen=True, kw_only=True):
    """Of a statement that writes assets: one may be taken, and owner is its bundle."""

    outcome: Literal["written", "unchanged", "exists", "missing", "taken", "stale"]
    asset_id: str | None
    owner: str | None

    def is_written(self, bundle_id: str, cause: Exception | None = None) -> bool:
        """Tell if a row was written. Raises AssetConflictError."""
        if self.outcome == "taken":
            raise asset_conflict(self, bundle_id) from cause
        return self.outcome == "written"


def asset_conflict(
    outcome: AssetOutcome | ManyBundlesOutcome, bundle_id: str, where: str = ""
) -> AssetConflictError:
    """Return the error that says whose the asset is that a bundle lists."""
    return AssetConflictError(
        f"{where}asset {outcome.asset_id!r} belongs to bundle {outcome.owner!r} and cannot "
        f"go to bundle {bundle_id!r}: take it out of the list there first"
    )


T = TypeVar("T")
AnyOutcome = TypeVar("AnyOutcome", Outcome, AssetOutcome)
AnyManyOutcome = TypeVar("AnyManyOutcome", ManyOutcome, ManyBundlesOutcome)


def settled(
    call: Call[AnyOutcome], send: Callable[[Call[AnyOutcome]], Steps[AnyOutcome]] = once
) -> Steps[AnyOutcome]:
    """Run a statement until its outcome is not stale."""
    for _ in range(_ATTEMPTS):
        outcome = yield from send(call)
        if outcome.outcome != "stale":
            return outcome
    raise _held_back(call)


def _settled_of_many(
    call: Call[AnyManyOutcome],
    send: Callable[[Call[AnyManyOutcome]], Steps[AnyManyOutcome]],
) -> Steps[tuple[int, AnyManyOutcome]]:
    written = 0
    for _ in range(_ATTEMPTS):
        outcome = yield from send(call)
        written += outcome.written
        if not outcome.stale:
            return written, outcome
    raise _held_back(call)


def written_of_many(call: Call[ManyOutcome]) -> Steps[int]:
    """Run a statement until nothing is stale, and return how many rows were written."""
    # Planned each time: the plan for a table that is still small would read all of it once
    # it has grown.
    written, _ = yield from _settled_of_many(call, lambda call: once(call, prepare=False))
    return written


def _held_back(call: Call[Any]) -> ProductionError:
    return ProductionError(
        f"{call.query.name}: {_ATTEMPTS} attempts in a row have written nothing: look for "
        "a trigger or a rule that holds back what is written to the production_ tables"
    )


def _undone(
    call: Call[T], lost_races: list[UniqueViolation], *, prepare: bool | None = None
) -> Steps[T]:
    """Send a statement until it loses no race, each of which has undone it."""
    while True:
        try:
            (result,) = yield from atomic(call, prepare=prepare)
        except UniqueViolation as error:
            lost_races.append(error)
            if len(lost_races) == _LOST_RACES:
                raise
        else:
            return result


def written_or_undone(call: Call[AssetOutcome], bundle_id: str) -> Steps[bool]:
    """Run a statement that can lose a race for an asset, and tell if a row was written.

    Raises AssetConflictError.
    """
    lost_races: list[UniqueViolation] = []
    outcome = yield from settled(call, lambda call: _undone(call, lost_races))
    return outcome.is_written(bundle_id, lost_races[-1] if lost_races else None)


def written_up_to_taken(
    call: Call[ManyBundlesOutcome], lost_races: list[UniqueViolation]
) -> Steps[tuple[int, ManyBundlesOutcome]]:
    """Run a statement that can lose races for assets until nothing is stale.

    Returns how many rows were written, and the last outcome; lost_races get more.
    """
    return (
        yield from _settled_of_many(
            call, lambda call: _undone(call, lost_races, prepare=False)
        )
    )
