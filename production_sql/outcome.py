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


class AssetOutcome(Struct, frozen=True, kw_only=True):
    """Of a statement that writes assets: one may be taken, and owner is its bundle."""

    outcome: Literal["written", "unchanged", "exists", "missing", "taken", "stale"]
    asset_id: str | None
    owner: str | None

    def is_written(self, bundle_id: str, cause: Exception | None = None) -> bool:
        """Tell if a row was written. Raises AssetConflictError."""
        if self.outcome == "taken":
            raise AssetConflictError(
                f"asset {self.asset_id!r} belongs to bundle {self.owner!r} and cannot go "
                f"to bundle {bundle_id!r}: take it out of the list there first"
            ) from cause
        return self.outcome == "written"


T = TypeVar("T")
AnyOutcome = TypeVar("AnyOutcome", Outcome, AssetOutcome)


def settled(
    call: Call[AnyOutcome], send: Callable[[Call[AnyOutcome]], Steps[AnyOutcome]] = once
) -> Steps[AnyOutcome]:
    """Run a statement until its outcome is not stale."""
    for _ in range(_ATTEMPTS):
        outcome = yield from send(call)
        if outcome.outcome != "stale":
            return outcome
    raise _held_back(call)


def written_of_many(call: Call[ManyOutcome]) -> Steps[int]:
    """Run a statement until nothing is stale, and return how many rows were written."""
    written = 0
    for _ in range(_ATTEMPTS):
        # Planned each time: the plan for a table that is still small would read all of it
        # once it has grown.
        outcome = yield from once(call, prepare=False)
        written += outcome.written
        if not outcome.stale:
            return written
    raise _held_back(call)


def _held_back(call: Call[Any]) -> ProductionError:
    return ProductionError(
        f"{call.query.name}: {_ATTEMPTS} attempts in a row have written nothing: look for "
        "a trigger or a rule that holds back what is written to the production_ tables"
    )


def _alone(call: Call[T]) -> Steps[T]:
    (result,) = yield from atomic(call)
    return result


def written_or_undone(call: Call[AssetOutcome], bundle_id: str) -> Steps[bool]:
    """Run a statement that can lose a race for an asset, and tell if a row was written.

    Raises AssetConflictError.
    """
    lost_races: list[UniqueViolation] = []
    while True:
        try:
            outcome = yield from settled(call, _alone)
        except UniqueViolation as error:
            lost_races.append(error)
            if len(lost_races) == _LOST_RACES:
                raise
        else:
            return outcome.is_written(bundle_id, lost_races[-1] if lost_races else None)
