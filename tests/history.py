"""Is there an order of calls made at once that explains what they returned?"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec import json

from production_sql import ProductionError

from .model import Model


class Event(NamedTuple):
    """A call with the name of its model, when it began and ended, and its outcome."""

    model: str
    args: tuple[Any, ...]
    begin: int
    end: int
    outcome: tuple[Any, Any]


def outcome(call: Callable[..., Any], *args: Any, **more: Any) -> tuple[Any, Any]:
    """Return what a call returned, and the class of our error that it raised."""
    try:
        return call(*args, **more), None
    except ProductionError as error:
        return None, type(error)


def explain(events: Sequence[Event]) -> list[Event] | None:
    """Return the calls in an order in which the model gives the same outcomes, if any.

    A call that ended before another began comes before it.
    """
    dead_ends: set[tuple[frozenset[int], bytes]] = set()

    def search(rest: frozenset[int], model: Model) -> list[Event] | None:
        if not rest:
            return []
        state = (rest, json.encode((model.drafts, model.bundles)))
        if state in dead_ends:
            return None
        first_end = min(events[place].end for place in rest)
        for place in rest:
            event = events[place]
            if event.begin > first_end:
                continue
            after = model.copy()
            if outcome(getattr(after, event.model), *event.args) == event.outcome:
                following = search(rest - {place}, after)
                if following is not None:
                    return [event, *following]
        dead_ends.add(state)
        return None

    return search(frozenset(range(len(events))), Model())
