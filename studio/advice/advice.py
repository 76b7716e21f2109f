"""Advice: what a run's curves say, with the figures behind it, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from studio.advice import fit, learning_rate
from studio.advice.curves import Curves
from studio.catalogue import Phrase, phrase
from studio.events import Advice, Ended, Event, Skipped, Step, Validated

NGRAM = 4
FEWEST = 20
"""Shorter answers repeat nothing that could be told from speech."""
REPEATED = 0.5
"""Prose repeats under a tenth of its runs of four words, lists and code a quarter; a loop nearly all."""
LONGEST_WORD = 15
"""Texts with longer words on average are written without spaces, and are read letter by letter."""
SAME_PROMPTS = 3
SAME_WORDS = 5
"""A short answer may well be the same for many prompts, as the labels of a classification are."""
ANSWERS = 2
"""One answer that repeats itself may be the prompt's doing."""


def repetition(curves: Curves) -> Phrase | None:
    """Half of the latest sample answers repeat themselves or each other, and more than before training."""
    asked = sorted(curves.sampled)
    if not asked:
        return None
    latest = curves.sampled[asked[-1]]
    before = curves.sampled[asked[0]] if len(asked) > 1 else {}
    return _same(asked[-1], latest, before) or _loops(curves, asked, before)


def repeated_share(text: str) -> float:
    """The share of a text's runs of four words that it has said before; 0 for a short text."""
    words = text.split()
    units = words if len(words) * LONGEST_WORD >= len(text) else list(text)
    runs = [tuple(units[i : i + NGRAM]) for i in range(len(units) - NGRAM + 1)]
    return 1 - len(set(runs)) / len(runs) if len(units) >= FEWEST else 0.0


def _loops(curves: Curves, asked: list[int], before: Mapping[str, str]) -> Phrase | None:
    latest = curves.sampled[asked[-1]]
    loops = {prompt: answer for prompt, answer in latest.items() if repeated_share(answer) > REPEATED}
    earlier = curves.sampled[asked[-2]] if len(asked) > 1 else {}
    seen = len(loops) + sum(repeated_share(answer) > REPEATED for answer in earlier.values())
    if 2 * len(loops) < max(1, len(latest)) or seen < ANSWERS:
        return None
    if before and 2 * sum(repeated_share(answer) > REPEATED for answer in before.values()) >= len(before):
        return None  # the model did so before it was trained
    prompt, answer = max(loops.items(), key=lambda item: repeated_share(item[1]))
    percent = 100 * repeated_share(answer)
    counts = {"loops": len(loops), "answers": len(latest), "step": asked[-1]}
    return phrase("curve.loops", **counts, percent=percent, prompt=_short(prompt))


def _same(step: int, latest: Mapping[str, str], before: Mapping[str, str]) -> Phrase | None:
    answer, count = _commonest(latest)
    if len(latest) < SAME_PROMPTS or 2 * count <= len(latest) or 0 < len(answer.split()) < SAME_WORDS:
        return None
    if before and 2 * _commonest(before)[1] > len(before):
        return None
    if not answer:
        return phrase("curve.no_answer", count=count, prompts=len(latest), step=step)
    return phrase("curve.same_answer", count=count, prompts=len(latest), answer=_short(answer), step=step)


def _commonest(answers: Mapping[str, str]) -> tuple[str, int]:
    counted = Counter(" ".join(answer.split()) for answer in answers.values()).most_common(1)
    return counted[0] if counted else ("", 0)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39].rstrip() + "…"


LOOKS = 100
"""How often a whole run is looked at, at most: validating after every step makes advice no dearer."""


@dataclass(frozen=True)
class _Kind:
    name: str
    evidence: Callable[[Curves], Phrase | None]
    remedy: str  # its code in the catalogue
    hidden_by: tuple[str, ...] = ()  # advice that says it already, and better


KINDS = (
    _Kind("divergence", learning_rate.divergence, "remedy.divergence"),
    _Kind("overfitting", fit.overfitting, "remedy.overfitting", hidden_by=("divergence",)),
    _Kind("forgetting", fit.forgetting, "remedy.forgetting"),
    _Kind("repetition", repetition, "remedy.repetition"),
    _Kind(
        "rate too high",
        learning_rate.rate_too_high,
        "remedy.rate_too_high",
        hidden_by=("divergence", "overfitting"),
    ),
    _Kind(
        "rate too low",
        learning_rate.rate_too_low,
        "remedy.rate_too_low",
        hidden_by=("divergence", "rate too high"),
    ),
    _Kind(
        "underfitting",
        fit.underfitting,
        "remedy.underfitting",
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

    Show it every event of the run, on a resume those of the earlier sessions first (`remember`).
    """

    def __init__(self) -> None:
        self._curves = Curves()
        self._given: set[str] = set()
        self._due = False
        self._looked = 0

    def remember(self, events: Iterable[Event]) -> None:
        """Take in what happened before this session, and what was advised then."""
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
            self._given.add(event.name)
        self._curves.add(event)

    def _look(self) -> tuple[Advice, ...]:
        self._due, self._looked = False, self._curves.last_step
        new = tuple(advice for advice in _read(self._curves) if advice.name not in self._given)
        self._given.update(advice.name for advice in new)
        return new


def _read(curves: Curves) -> tuple[Advice, ...]:
    found: dict[str, Advice] = {}
    for kind in KINDS:
        if any(name in found for name in kind.hidden_by):
            continue
        if evidence := kind.evidence(curves):
            found[kind.name] = Advice(curves.last_step, kind.name, evidence, phrase(kind.remedy))
    return tuple(found.values())
