"""The evaluations that a run keeps, each in a folder of its own; those of earlier releases are read, too.

`plan.json` says what was asked, `events.jsonl` holds what was announced, `result.json` is there when it is
complete.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.events import (
    MEASURED,
    TOO_FEW,
    Answered,
    ContestantScore,
    Difference,
    Evaluated,
    Event,
    Figure,
    GivenAnswer,
    Score,
    from_json,
)
from studio.files import parsed
from studio.files.journal import Journal
from studio.language import tr
from studio.runs.folder import RunFolder

PLAN, RESULT, EVENTS, EARLIER_ANSWERS = "plan.json", "result.json", "events.jsonl", "answers.jsonl"
FINISHED = "finished"
"""The line of a journal that says that a measure came to its end."""

BASE, TUNED = "base", "tuned"
_EARLIER = {
    tr("Exact match"): "golden_exact",
    tr("Word overlap"): "golden_overlap",
    tr("Validation loss"): "validation_loss",
    tr("General text loss"): "general_text",
}
"""What earlier releases called their measures in files, and what they are called now."""
_ENOUGH_EARLIER = 6
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    RecursionError,
    ArithmeticError,
)


@dataclass(frozen=True, eq=False)
class EvaluationStored(Event, kind="EvaluationStored"):
    """One evaluation as it was kept: what was announced, and the result. For the window only."""

    folder: Path
    plan: Mapping[str, Any]
    events: tuple[Event, ...]
    result: Evaluated

    @property
    def answers(self) -> tuple[Answered, ...]:
        return tuple(event for event in self.events if isinstance(event, Answered))

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(event for event in self.events if isinstance(event, Figure))


def evaluations_of(run: RunFolder) -> list[Path]:
    """The folders of a run's complete evaluations, the newest first."""
    return [path for path in sorted(run.evaluations.glob("[!.]*"), reverse=True) if (path / RESULT).is_file()]


def latest_evaluation(run: RunFolder) -> EvaluationStored | None:
    """The newest evaluation of a run that can be read, if it was ever evaluated."""
    return next(filter(None, map(read_evaluation, evaluations_of(run))), None)


def latest_result(run: RunFolder) -> Evaluated | None:
    """What the newest evaluation that can be read came to, without all that stands behind it."""
    return next(filter(None, map(result_in, evaluations_of(run))), None)


def result_in(folder: Path) -> Evaluated | None:
    """What an evaluation came to; None where it is damaged or not complete."""
    try:
        found = parsed((folder / RESULT).read_text(encoding="utf-8"))
        return _earlier_result(found) if "measures" in found else _result(found)
    except _DAMAGE:
        return None


def read_evaluation(folder: Path) -> EvaluationStored | None:
    """The evaluation in a folder; None where it is damaged or not complete."""
    try:
        found = parsed((folder / RESULT).read_text(encoding="utf-8"))
        if isinstance(found, dict) and "measures" in found:
            return _earlier(folder, found)
        plan = parsed((folder / PLAN).read_text(encoding="utf-8"))
        return EvaluationStored(folder, plan, tuple(kept_events(folder)), _result(found))
    except _DAMAGE:
        return None


def _result(found: Mapping[str, Any]) -> Evaluated:
    result = from_json(json.dumps(found))
    if not isinstance(result, Evaluated):
        raise TypeError
    return result


def kept_events(folder: Path, measure: str = "") -> list[Event]:
    """What the finished measures announced, or one of them, in order. Raises DataError for a bad disk."""
    lines = list(Journal(folder / EVENTS).lines())
    done = finished_measures(folder, lines)
    wanted = {measure} & done.keys() if measure else done.keys()
    kept = []
    for number, line in enumerate(lines):
        owner = str(line.get("of", ""))
        if owner in wanted and "event" in line and done[owner][0] <= number < done[owner][1]:
            kept.append(from_json(json.dumps(line["event"])))
    return kept


def finished_measures(folder: Path, lines: list[dict[str, Any]] | None = None) -> dict[str, tuple[int, int]]:
    """The measures that came to their end, and between which lines of the journal they were done.

    What a measure announced before it was cut off is left out, for it is done again.
    """
    done: dict[str, tuple[int, int]] = {}
    begun: dict[str, int] = {}
    for number, line in enumerate(Journal(folder / EVENTS).lines() if lines is None else lines):
        if "begins" in line:
            begun[str(line["begins"])] = number
        elif FINISHED in line and str(line[FINISHED]) in begun:
            done[str(line[FINISHED])] = begun[str(line[FINISHED])], number
    return done


def _earlier(folder: Path, found: Mapping[str, Any]) -> EvaluationStored:
    """An evaluation of an earlier release: base against tuned, four measures at most."""
    lines = (folder / EARLIER_ANSWERS).read_text(encoding="utf-8").split("\n")
    answers = tuple(_earlier_answer(json.loads(line)) for line in lines if line)
    result = _earlier_result(found)
    return EvaluationStored(folder, {}, (*answers, *result.scores), result)


def _earlier_result(found: Mapping[str, Any]) -> Evaluated:
    scores = tuple(_earlier_score(each) for each in found["measures"])
    return Evaluated(
        run=str(found.get("run", "")),
        golden=str(found.get("golden", "")),
        headline=str(found.get("headline", "")),
        verdict=(str(found.get("verdict", "")),),
        scores=scores,
        primary=next((score.measure for score in scores), ""),
        contestants=((BASE, tr("Base")), (TUNED, tr("Tuned"))),
        seconds=float(found.get("seconds", 0.0)),
    )


def _earlier_score(found: Mapping[str, Any]) -> Score:
    base, tuned = float(found["base"]), float(found["tuned"])
    low, high, count = float(found["low"]), float(found["high"]), int(found["count"])
    clear = not low <= 0 <= high
    return Score(
        measure=_EARLIER.get(str(found["name"]), str(found["name"])),
        state=TOO_FEW if clear and count < _ENOUGH_EARLIER else MEASURED,
        unit=str(found["unit"]),
        better=str(found["better"]),
        count=count,
        scores=(ContestantScore(BASE, base), ContestantScore(TUNED, tuned)),
        differences=(Difference(TUNED, tuned - base, low, high, 0.05 if clear else 1.0),),
    )


def _earlier_answer(found: Mapping[str, Any]) -> Answered:
    given = tuple(
        GivenAnswer(who, str(found[who]), score=float(found[right]), right=bool(found[right]))
        for who, right in ((BASE, "base_right"), (TUNED, "tuned_right"))
    )
    index = int(found["index"])
    return Answered("golden", str(index), str(found["prompt"]), str(found["ideal"]), given, index=index)
