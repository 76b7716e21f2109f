"""The folder of one evaluation: what was asked, every answer, every figure; complete, or to be gone on with.

Answers are kept as they come and never asked again, so an evaluation that was killed goes on, and others can
score them anew. Lines are only ever added.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from studio.events import FAILED, Evaluated, Event, built, to_json
from studio.files import parsed, write_text
from studio.files.journal import Journal
from studio.runs.evaluations import (
    EVENTS,
    FINISHED,
    PLAN,
    RESULT,
    finished_measures,
    kept_events,
    result_in,
)
from studio.runs.folder import RunFolder

ANSWERS, ROWS, RULINGS, VOTES, NOTES = (
    "given.jsonl",
    "rows.jsonl",
    "rulings.jsonl",
    "votes.jsonl",
    "notes.jsonl",
)


@dataclass(frozen=True)
class KeptAnswer:
    """One answer as it was given: text, length in tokens, seconds, and why it ended (stop or length)."""

    text: str
    tokens: int = 0
    seconds: float = 0.0
    finish_reason: str = ""


@dataclass(frozen=True)
class Ruling:
    """A person's word on one answer, which stands over what the scorer says."""

    item: str
    contestant: str
    right: bool
    note: str = ""
    time: str = ""


@dataclass(frozen=True)
class Vote:
    """A person's blind choice between two contestants' answers: a, b, tie or bad (both).

    `a` and `b` are the contestants' keys in the order in which they stood on the screen.
    """

    item: str
    a: str
    b: str
    choice: str
    time: str = ""


@dataclass(frozen=True)
class KeptRows:
    """What every contestant reached on each row; of some also how rows weigh and belong together."""

    measure: str
    part: str
    ids: tuple[str, ...] = ()
    values: dict[str, list[float]] = field(default_factory=dict)
    weights: tuple[float, ...] = ()
    clusters: tuple[str, ...] = ()


class EvaluationStore:
    """One such folder. Whoever reads finds only what is whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._answers: dict[tuple[str, str, str, str, int], KeptAnswer] | None = None
        self._caches: dict[str, dict[str, Any]] = {}

    @classmethod
    def opened(cls, run: RunFolder, plan: Mapping[str, Any]) -> EvaluationStore:
        """The run's newest unfinished evaluation of the same plan, else a new one.

        `plan` is all that decides what is found; equal plans go on with each other's answers, also where a
        measure of the earlier one failed.
        """
        every = sorted(run.evaluations.glob("[!.]*"), reverse=True)
        same = [folder for folder in every if _plan_in(folder) == _plain(plan)]
        for each in same:
            if not (each / RESULT).exists():
                return cls(each)
        run.manifest()  # raises when the run was deleted meanwhile: nothing is written where no run is
        folder = run.evaluations / datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        folder.mkdir(parents=True)
        if same and _has_failed(same[0]) and (same[0] / ANSWERS).is_file():
            shutil.copyfile(same[0] / ANSWERS, folder / ANSWERS)
        write_text(folder / PLAN, json.dumps(plan, ensure_ascii=False, indent=2) + "\n")
        return cls(folder)

    @property
    def plan(self) -> dict[str, Any]:
        found: dict[str, Any] = _plan_in(self.folder)
        return found

    # What was announced.

    def is_finished(self, measure: str) -> bool:
        return measure in finished_measures(self.folder)

    def begin(self, measure: str) -> None:
        self._events.append({"begins": measure})

    def keep(self, measure: str, event: Event) -> None:
        self._events.append({"of": measure, "event": json.loads(to_json(event))})

    def finish(self, measure: str) -> None:
        self._events.append({FINISHED: measure})

    def events(self, measure: str = "") -> list[Event]:
        """What the finished measures, or one of them, announced."""
        return kept_events(self.folder, measure)

    def complete(self, result: Evaluated) -> None:
        """Write the result, whose presence says that everything is there."""
        write_text(self.folder / RESULT, to_json(result) + "\n")
        os.utime(self.folder.parent)  # by whose time a list of runs sees that there is something new

    @property
    def _events(self) -> Journal:
        return Journal(self.folder / EVENTS)

    # What was answered.

    def answer(self, task: str, item: str, contestant: str, how: str, sample: int) -> KeptAnswer | None:
        """An answer that was given already; `how` tells prompts, template and sampling apart."""
        if self._answers is None:
            self._answers = dict(self._read_answers())
        return self._answers.get((task, item, contestant, how, sample))

    def keep_answer(
        self, task: str, item: str, contestant: str, how: str, sample: int, answer: KeptAnswer
    ) -> None:
        key = {"task": task, "item": item, "contestant": contestant, "how": how, "sample": sample}
        Journal(self.folder / ANSWERS, flushed=False).append({**key, **asdict(answer)})
        if self._answers is not None:
            self._answers[task, item, contestant, how, sample] = answer

    def answers_of(self, task: str) -> dict[tuple[str, str], list[KeptAnswer]]:
        """All answers to a task by item and contestant, in the order of their samples, however asked for.

        Of those that were asked for in several ways the newest count.
        """
        newest: dict[tuple[str, str], dict[int, KeptAnswer]] = {}
        for (of, item, contestant, _, sample), answer in self._read_answers():
            if of == task:
                newest.setdefault((item, contestant), {})[sample] = answer
        return {place: [found[n] for n in sorted(found)] for place, found in newest.items()}

    def _read_answers(self) -> Iterator[tuple[tuple[str, str, str, str, int], KeptAnswer]]:
        for line in Journal(self.folder / ANSWERS).lines():
            try:
                key = line["task"], line["item"], line["contestant"], line["how"], int(line["sample"])
                yield key, built(KeptAnswer, line)
            except (KeyError, ValueError, TypeError):
                continue

    # Figures of single rows, by which evaluations are laid beside each other.

    def keep_rows(
        self,
        measure: str,
        part: str,
        ids: Sequence[str],
        values: Mapping[str, Sequence[float]],
        *,
        weights: Sequence[float] = (),
        clusters: Sequence[str] = (),
    ) -> None:
        """Keep what every contestant reached on each row, per weight where rows weigh differently."""
        line = {"measure": measure, "part": part, "ids": list(ids)}
        numbers = {who: [float(value) for value in each] for who, each in values.items()}
        more = {"weights": [float(each) for each in weights], "clusters": list(clusters)}
        Journal(self.folder / ROWS).append({**line, "values": numbers, **more})

    def rows(self, measure: str, part: str = "") -> tuple[list[str], dict[str, list[float]]]:
        """The ids of the rows, and what every contestant reached on each; empty where nothing was kept."""
        found = self.all_rows().get((measure, part), KeptRows(measure, part))
        return list(found.ids), {who: list(each) for who, each in found.values.items()}

    def all_rows(self) -> dict[tuple[str, str], KeptRows]:
        """What was kept last of each measure and part."""
        lines = (built(KeptRows, line) for line in Journal(self.folder / ROWS).lines())
        return {(each.measure, each.part): each for each in lines}

    # What costs time and is asked once: a judge's verdicts, for example.

    def known(self, cache: str, key: str) -> Any:
        """What was kept under a key; None where nothing was."""
        if cache not in self._caches:
            lines = Journal(self._cache_file(cache)).lines()
            self._caches[cache] = {str(line["key"]): line["value"] for line in lines if "key" in line}
        return self._caches[cache].get(key)

    def remember(self, cache: str, key: str, value: Any, *, flushed: bool = True) -> None:
        self.known(cache, key)
        Journal(self._cache_file(cache), flushed=flushed).append({"key": key, "value": value})
        self._caches[cache][key] = value

    def _cache_file(self, cache: str) -> Path:
        return self.folder / f"{cache}.cache.jsonl"

    # What a person says.

    def rule(self, ruling: Ruling) -> None:
        Journal(self.folder / RULINGS).append(asdict(ruling))

    def rulings(self) -> dict[tuple[str, str], Ruling]:
        """The newest ruling on each (item, contestant)."""
        said = (built(Ruling, line) for line in Journal(self.folder / RULINGS).lines())
        return {(each.item, each.contestant): each for each in said}

    def vote(self, vote: Vote) -> None:
        Journal(self.folder / VOTES).append(asdict(vote))

    def votes(self) -> list[Vote]:
        """The newest vote on each item."""
        said = (built(Vote, line) for line in Journal(self.folder / VOTES).lines())
        return list({(each.item, frozenset((each.a, each.b))): each for each in said}.values())

    def note(self, item: str, text: str) -> None:
        Journal(self.folder / NOTES).append({"item": item, "text": text})

    def notes(self) -> dict[str, str]:
        """The newest note on each item; an empty one takes it away."""
        lines = Journal(self.folder / NOTES).lines()
        found = {str(line.get("item", "")): str(line.get("text", "")) for line in lines}
        return {item: text for item, text in found.items() if text}


def _plan_in(folder: Path) -> Any:
    try:
        return parsed((folder / PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _has_failed(folder: Path) -> bool:
    """Whether a measure of a complete evaluation went wrong: a server had gone, for example."""
    result = result_in(folder)
    return result is not None and any(score.state == FAILED for score in result.scores)


def _plain(plan: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(plan))
