"""What a whole history says, for plots: each step once, also where a resumed run repeated some."""

from __future__ import annotations

from collections.abc import Iterable

from studio.events import Event, Prepared, Probed, Rewards, Step, Validated


def history(events: Iterable[Event]) -> tuple[int, list[Step], list[Validated]]:
    """The planned last step, the steps and the validations of a run; what a resumed run repeated, once."""
    events = list(events)
    last = next((event.steps for event in reversed(events) if isinstance(event, Prepared)), 0)
    return last, once(events, Step), once(events, Validated)


def once[T: (Step, Validated, Probed, Rewards)](events: Iterable[Event], kind: type[T]) -> list[T]:
    """The events of a kind; a run that goes on from a checkpoint takes back what came after it."""
    kept: dict[tuple[int, str], T] = {}
    for event in events:
        if isinstance(event, Prepared):
            kept = {key: old for key, old in kept.items() if key[0] < event.first_step}
        elif isinstance(event, kind):
            kept[event.step, getattr(event, "part", "")] = event
    return list(kept.values())
