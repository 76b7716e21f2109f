"""The job that scores the answers of an evaluation anew, without asking any model."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from studio.errors import RunError
from studio.evaluate.options import STANDARD, EvaluationOptions
from studio.events import Event
from studio.language import tr
from studio.runs.evaluations import PLAN, evaluations_of
from studio.runs.folder import RunFolder

if TYPE_CHECKING:
    from studio.models.cache import ModelCache

SAME, OWN = "same", "own"
"""In the place of scorers: those of before, and those that the golden set asks for, else exact match."""


@dataclass(frozen=True)
class RescoreJob:
    """Score what was answered anew: by other scorers, and as a person ruled meanwhile.

    `folder` is an evaluation of the run, by default its newest; the result is an evaluation of its own. What
    does not look at answers is taken over. No model is opened but that of another `judge`, if one is named:
    the folder of a model, or a server's address with what it calls its model.
    """

    run: RunFolder
    scorers: str = SAME
    folder: Path | None = None
    judge: str = ""
    judge_model: str = ""

    @property
    def title(self) -> str:
        return tr("Scoring answers anew")

    def run_events(self, model_cache: ModelCache | None = None) -> Generator[Event]:
        from studio.evaluate import rescoring
        from studio.evaluate.evaluation import evaluate
        from studio.evaluate.judging.chosen import check_judge
        from studio.evaluate.measures.golden_answers import keys_asked_for
        from studio.evaluate.registry import BY_KEY, chosen, primary_of
        from studio.evaluate.store import EvaluationStore

        old = EvaluationStore(self.folder or self._newest())
        golden = rescoring.kept_golden(old.folder)
        options = self._options(old.plan)
        check_judge(options, ())
        asked_for = keys_asked_for(golden, options)
        asked = [*chosen(options, asked_for), *(BY_KEY[key] for key in asked_for)]
        primary = primary_of(options, golden=bool(golden.items), checks=bool(asked_for))
        plan = {
            **old.plan,
            "options": options.model_dump(mode="json"),
            "primary": primary,
            "rescored": old.folder.name,
            "rulings": len(old.rulings()),
        }
        new = EvaluationStore.opened(self.run, plan)
        judged = bool(self.judge)
        rescoring.begin(old, new, judged=judged)
        contestants = rescoring.kept_contestants(plan, old.folder)
        setting = rescoring.KeptSetting(contestants, new, options, golden, run=self.run)
        yield from evaluate(setting, rescoring.measures_of(old, asked, judged=judged), primary)

    def _newest(self) -> Path:
        """Raises RunError where the run has no evaluation whose answers are kept."""
        kept = [folder for folder in evaluations_of(self.run) if (folder / PLAN).is_file()]
        if not kept:
            raise RunError("rescore.none", run=self.run.name)
        return kept[0]

    def _options(self, plan: dict[str, object]) -> EvaluationOptions:
        """What the evaluation was asked for, with other scorers. Raises DataError for unknown ones."""
        from studio.evaluate.scorers.assertions import usual_of

        try:
            earlier = EvaluationOptions.model_validate(plan.get("options", {}))
        except ValidationError:  # of a version that had other options
            earlier = STANDARD
        other = {"judge": self.judge, "judge_model": self.judge_model} if self.judge else {}
        if self.scorers != SAME:
            other["scorers"] = "" if self.scorers == OWN else self.scorers
        if other.get("scorers"):
            usual_of(other["scorers"])
        return earlier.model_copy(update=other)
