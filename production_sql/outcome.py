"""What a writing statement says of itself where a row count is not enough.

All outcomes but 'written' have written nothing, so that an error made of one leaves the
caller's transaction usable and without a trace.
"""

from typing import Literal, TypeVar

from msgspec import Struct
from psycopg.errors import UniqueViolation

from .errors import AssetConflictError
from .operation import Steps, atomic, once
from .runner import Call

# A lost race is seen at the second attempt, unless its winner has gone again meanwhile. In
# REPEATABLE READ it is never seen, and the driver's error stands.
_ATTEMPTS = 3


class Outcome(Struct, frozen=True, kw_only=True):
    """Of a statement that can find its snapshot stale, and then has to be run again."""

    outcome: Literal["written", "unchanged", "stale"]


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


AnyOutcome = TypeVar("AnyOutcome", Outcome, AssetOutcome)


def settled(call: Call[AnyOutcome]) -> Steps[AnyOutcome]:
    """Run a statement until its outcome is not stale."""
    while (outcome := (yield from once(call))).outcome == "stale":
        pass
    return outcome


def written_or_undone(call: Call[AssetOutcome], bundle_id: str) -> Steps[bool]:
    """Run a statement that can lose a race for an asset, and tell if a row was written.

    Raises AssetConflictError.
    """
    lost_races: list[UniqueViolation] = []
    while True:
        try:
            (outcome,) = yield from atomic(call)
        except UniqueViolation as error:
            lost_races.append(error)
            if len(lost_races) == _ATTEMPTS:
                raise
        else:
            if outcome.outcome != "stale":
                cause = lost_races[-1] if lost_races else None
                return outcome.is_written(bundle_id, cause)
