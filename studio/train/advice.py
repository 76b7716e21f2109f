"""Advice: what a run's curves say, in sentences with the figures behind them, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from studio.events import Advice, Ended, Event, Skipped, Step, Validated
from studio.train import learned, pace
from studio.train.curves import Curves
from studio.train.repetition import repetition

RATE = "the Learning rate (optimizer.learning_rate)"
EPOCHS = "Epochs (loop.epochs)"
RANK = "Rank (lora.rank)"

LOOKS = 100
"""How often a whole run is looked at, at most: validating after every step makes advice no dearer."""


@dataclass(frozen=True)
class _Kind:
    name: str
    evidence: Callable[[Curves], str | None]
    remedy: str
    hidden_by: tuple[str, ...] = ()  # advice that says it already, and better


KINDS = (
    _Kind(
        "divergence",
        pace.divergence,
        f"Lower {RATE} to a third; a longer Warmup (optimizer.warmup) and a smaller Clip norm "
        "(optimizer.clip) help, too. With float16, choose another Precision (base.precision).",
    ),
    _Kind(
        "overfitting",
        learned.overfitting,
        f"Keep the best adapter, and next time train fewer {EPOCHS} or set Patience (loop.patience) to 3. "
        f"Dropout (lora.dropout) of 0.05 to 0.2, a lower {RANK} or more examples help, too.",
        hidden_by=("divergence",),
    ),
    _Kind(
        "forgetting",
        learned.forgetting,
        f"Lower {RATE}, train fewer {EPOCHS}, or train less of the model: a lower {RANK}, or only the "
        "last Layers (scope.layers). Ordinary examples mixed into the dataset help most.",
    ),
    _Kind(
        "repetition",
        repetition,
        f"Lower {RATE} or train fewer {EPOCHS}, and look for repeated answers in the dataset. Answers that "
        "are cut at their end never teach where to stop: see Too long (data.too_long).",
    ),
    _Kind(
        "rate too high",
        pace.rate_too_high,
        f"Lower {RATE} to a third, or warm up for longer (optimizer.warmup).",
        hidden_by=("divergence", "overfitting"),
    ),
    _Kind(
        "rate too low",
        pace.rate_too_low,
        f"Raise {RATE} threefold. Where that changes nothing, the model may know this data already.",
        hidden_by=("divergence", "rate too high"),
    ),
    _Kind(
        "underfitting",
        learned.underfitting,
        f"Train more {EPOCHS}, raise {RATE}, or give the adapter a higher {RANK}.",
        hidden_by=("divergence", "rate too high", "rate too low"),
    ),
)


def advise(events: Iterable[Event]) -> tuple[Advice, ...]:
    """What a run's events say about it, at most one advice of each name; empty for a healthy run.

    Needs no MLX. Never raises, whatever the events hold.
    """
    curves = Curves()
    for event in events:
        curves.add(event)
    return _read(curves)


class Adviser:
    """Gives advice while a run goes on, each kind once, when it becomes true.

    Show it every event of the run, on a resume those of the earlier sittings first (`remember`).
    """

    def __init__(self) -> None:
        self._curves = Curves()
        self._told: set[str] = set()
        self._due = False
        self._looked = 0

    def remember(self, events: Iterable[Event]) -> None:
        """Take in what happened before this sitting, and what was advised then."""
        for event in events:
            self._note(event)

    def see(self, event: Event) -> tuple[Advice, ...]:
        """The advice that is new. It looks at the curves at the first step after a validation, when its
        probe and samples are in as well, at skipped updates, and at Ended; else it takes microseconds."""
        if isinstance(event, Validated):
            self._due = True
        self._note(event)
        if isinstance(event, Ended):
            return self.at_the_end() if event.outcome == "done" else ()
        waited = isinstance(event, Step) and event.step - self._looked >= event.steps / LOOKS
        if isinstance(event, Skipped) or (self._due and waited):
            return self._look()
        return ()

    def at_the_end(self) -> tuple[Advice, ...]:
        """What is new when the run has come to its end; call it before Ended is written, or show it Ended."""
        self._curves.ended = True
        return self._look()

    def _note(self, event: Event) -> None:
        if isinstance(event, Advice):
            self._told.add(event.name)
        self._curves.add(event)

    def _look(self) -> tuple[Advice, ...]:
        self._due, self._looked = False, self._curves.last_step
        new = tuple(advice for advice in _read(self._curves) if advice.name not in self._told)
        self._told.update(advice.name for advice in new)
        return new


def _read(curves: Curves) -> tuple[Advice, ...]:
    found: dict[str, Advice] = {}
    for kind in KINDS:
        if any(name in found for name in kind.hidden_by):
            continue
        if evidence := kind.evidence(curves):
            found[kind.name] = Advice(curves.last_step, kind.name, evidence, kind.remedy)
    return tuple(found.values())
