"""The job that evaluates a run: opens who competes, goes on with what was begun, and keeps what is found."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import ModelError, RunError
from studio.evaluate.options import STANDARD, EvaluationOptions
from studio.events import Event
from studio.generate.contestant import BASE, PARENT, TUNED, Contestant
from studio.jobs.rows import golden_of_run
from studio.jobs.train import prepare_again
from studio.language import tr
from studio.runs.folder import RunFolder, surroundings

if TYPE_CHECKING:
    from studio.evaluate.golden import Golden
    from studio.generate.contestant import OpenContestant
    from studio.generate.served import ServedContestant
    from studio.models.cache import ModelCache

ORIGINAL = "original"
"""What a run is compared with: the model itself, or (PARENT) what it went on from, where it did."""

FORMAT = 1
"""Of an evaluation's folder."""


@dataclass(frozen=True)
class EvaluateJob:
    """Compare a run's tuned model with its base, and keep the result in the run's folder.

    The base is the original model or, with `against` PARENT, the run that this one went on from. `more` are
    others who compete. Where an evaluation of the same kind was cut off, this one goes on with it.
    """

    run: RunFolder
    golden: Path | None = None
    changed_base: bool = False  # also where the run's model is another by now
    against: str = ORIGINAL
    options: EvaluationOptions = STANDARD
    more: tuple[Contestant, ...] = ()

    @property
    def title(self) -> str:
        return tr("Evaluating")

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        from studio.evaluate.approaches.putting import equipped
        from studio.evaluate.approaches.retrieval import trained_records
        from studio.evaluate.evaluation import evaluate
        from studio.evaluate.golden import golden_for
        from studio.evaluate.judging.chosen import check_judge
        from studio.evaluate.measure import Setting
        from studio.evaluate.measures.golden_answers import keys_asked_for
        from studio.evaluate.registry import chosen, primary_of
        from studio.evaluate.rescoring import keep_golden
        from studio.evaluate.store import EvaluationStore
        from studio.generate.served import served
        from studio.jobs.contestants import different, open_contestants

        different(self.contestants)
        chosen(self.options)  # an unknown measure is said before anything is opened
        check_judge(self.options, [each.key for each in self.contestants if each.is_local])
        servers = tuple(served(each) for each in self.contestants if not each.is_local)
        manifest = self.run.manifest()
        if self.against == PARENT and not manifest.get("parent"):
            raise RunError("parent.none", name=self.run.name)
        recipe, ready = yield from prepare_again(self.run, model_cache, changed_base=self.changed_base)
        asked = self.golden or golden_of_run(self.run, Path(recipe.data.path))
        golden = golden_for(asked, ready.data)
        asked_for = keys_asked_for(golden, self.options)
        measures = chosen(self.options, asked_for)
        primary = primary_of(self.options, golden=bool(golden.items), checks=bool(asked_for))
        opened = yield from open_contestants(
            self.run,
            [each for each in self.contestants if each.is_local],
            model_cache,
            changed_base=self.changed_base,
        )
        questions = [item.prompt for item in golden.items]
        opened = equipped(opened, self.options, trained_records(ready.data), questions)
        store = EvaluationStore.opened(self.run, self._plan(manifest, golden, opened, servers, primary))
        keep_golden(store, golden)
        setting = Setting(opened, store, self.options, golden, ready.data, recipe, self.run, servers)
        yield from evaluate(setting, measures, primary)

    @property
    def contestants(self) -> tuple[Contestant, ...]:
        """Who competes, the baseline first, servers last."""
        base = PARENT if self.against == PARENT else BASE
        more = sorted(self.more, key=lambda each: not each.is_local)
        return (Contestant(kind=base), Contestant(kind=TUNED), *more)

    def _plan(
        self,
        manifest: dict[str, Any],
        golden: Golden,
        opened: tuple[OpenContestant, ...],
        servers: tuple[ServedContestant, ...],
        primary: str,
    ) -> dict[str, Any]:
        """All that decides what is found, and what a report says of it."""
        who = [*(each.contestant for each in opened), *(each.contestant for each in servers)]
        fingerprints = {each.key: each.fingerprint for each in opened}
        fingerprints |= {each.key: each.fingerprint for each in servers}
        return {
            "format": FORMAT,
            "run": self.run.name,
            "contestants": [
                {**each.model_dump(), "key": each.key, "fingerprint": fingerprints[each.key]} for each in who
            ],
            "shared": _shared(opened),
            "primary": primary,
            "options": self.options.model_dump(mode="json"),
            "golden": {"description": golden.description, "fingerprint": golden.fingerprint},
            "template": _template(opened[0], golden),
            "base": manifest.get("base", {}),
            "dataset": manifest.get("fingerprint", ""),
            **surroundings(),
        }


def _template(contestant: OpenContestant, golden: Golden) -> dict[str, str]:
    """How questions are written: the template in words, its text, and the first question as it is read."""
    renderer, tokenizer = contestant.renderer, contestant.tokenizer
    shown = {"description": renderer.description, "text": str(tokenizer.chat_template or "")}
    if golden.items:
        first = golden.items[0]
        shown["first"] = str(tokenizer.decode(renderer.prompt_ids(first.turns, first.tools)))
    return shown


def _shared(opened: tuple[OpenContestant, ...]) -> str:
    """The fingerprint of the one copy of the original weights that all answer from; else nothing."""
    from studio.generate.shared import verify

    try:
        copies = verify(opened)
    except ModelError:
        return ""
    return copies[0].fingerprint if len(copies) == 1 and not copies[0].own else ""
