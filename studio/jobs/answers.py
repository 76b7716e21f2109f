"""Jobs that ask a trained run: one prompt side by side, or the whole comparison with its base."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import RunError
from studio.events import AnswerPiece, AnswersBegin, Evaluated, Event, GoldenAnswer, Log, to_json
from studio.files import whole_folder
from studio.generate.sampling import Sampling
from studio.jobs.base import same_base
from studio.jobs.rows import golden_of_run
from studio.jobs.train import prepare_again, recipe_of, unproven
from studio.paths import model_folder
from studio.runs.folder import RunFolder
from studio.runs.store import look
from studio.words import whole_characters

if TYPE_CHECKING:
    from studio.models.cache import ModelCache, OpenModel
    from studio.recipe.recipe import Recipe

WHO = ("base", "tuned")
ORIGINAL, PARENT = "original", "parent"
"""What a run is compared with: the model itself, or what the run went on from, where it went on from one."""


@dataclass(frozen=True)
class ChatJob:
    """Ask one prompt of a run's tuned model, or of base and tuned side by side.

    Control tokens typed in the prompt are text, or with `typed_tokens` what they look like.
    """

    run: RunFolder
    prompt: str
    sampling: Sampling
    who: tuple[str, ...] = WHO
    typed_tokens: bool = False
    changed_base: bool = False  # also where the run's model is another by now

    @property
    def title(self) -> str:
        return "Answering"

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        from studio.catalogue import phrase, sentence
        from studio.dataset.record import Message, Record
        from studio.generate.stream import side_by_side
        from studio.train.prepare import renderer_for

        manifest = self.run.manifest()
        recipe = yield from same_base(self.run, manifest, recipe_of(manifest), changed_base=self.changed_base)
        opened = {}
        for who in self.who:
            opened[who] = yield from _open(ORIGINAL if who == "base" else who, recipe, self.run, model_cache)
        first = next(iter(opened.values()))
        renderer = renderer_for(recipe, first)
        turns = (Message("user", whole_characters(self.prompt)),)
        prompt = renderer.prompt_ids(turns, typed_as_text=not self.typed_tokens)
        if typed := renderer.control_texts(Record(1, turns)):
            code = "prompt.typed_tokens" if self.typed_tokens else "prompt.typed_text"
            yield Log(sentence(phrase(code, marks=", ".join(typed))), "warning")
        modules = {who: each.module for who, each in opened.items()}
        limit_remark = renderer.remark([prompt], self.sampling.max_tokens)
        remarks = first.remarks_on(len(prompt) + self.sampling.max_tokens)
        for remark in (*([limit_remark] if limit_remark else []), *remarks):
            yield Log(str(remark), "warning")
        yield AnswersBegin(recipe.model, self.run.name, _step_of(self.run))
        for event in side_by_side(modules, first.tokenizer, prompt, self.sampling, renderer.stops):
            yield event or AnswerPiece(self.who[0], "")


@dataclass(frozen=True)
class EvaluateJob:
    """Compare a run's tuned model with its base, and keep the result in the run's folder.

    The base is the original model or, with `against` PARENT, the run that this one went on from.
    """

    run: RunFolder
    golden: Path | None = None
    changed_base: bool = False  # also where the run's model is another by now
    against: str = ORIGINAL

    @property
    def title(self) -> str:
        return "Evaluating"

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        from studio.evaluate.compare import ComparedModels, compare
        from studio.evaluate.golden import golden_for
        from studio.train.prepare import general_text, renderer_for

        parent = str(self.run.manifest().get("parent", ""))
        if self.against == PARENT and not parent:
            raise RunError("parent.none", name=self.run.name)
        recipe, base = yield from prepare_again(self.run, model_cache, changed_base=self.changed_base)
        tuned = yield from _open("tuned", recipe, self.run, model_cache)
        golden = golden_for(self.golden or golden_of_run(self.run, Path(recipe.data.path)), base.data)
        other = base.opened
        if self.against == ORIGINAL:
            other = yield from _open(ORIGINAL, recipe, self.run, model_cache)
        pair = ComparedModels(other.module, tuned.module, tuned.tokenizer, _named(self.against, parent))
        renderer = renderer_for(recipe, tuned)
        general = general_text(renderer)
        answers = []
        for event in compare(self.run.name, pair, renderer, base.data, golden, general):
            if isinstance(event, GoldenAnswer):
                answers.append(event)
            if isinstance(event, Evaluated):
                _keep(self.run, event, answers)
            yield event


def _open(
    who: str, recipe: Recipe, run: RunFolder, model_cache: ModelCache
) -> Generator[Event, None, OpenModel]:
    from studio.models import adapter
    from studio.train.prepare import form_of, open_start, parents_of

    if who == ORIGINAL:
        return model_cache.open(model_folder(recipe.model), form_of(recipe))
    opened = yield from open_start(recipe, model_cache)
    if who == "tuned" and not adapter.read_onto(opened.module, run.adapter, parents_of(recipe)):
        yield Log(unproven(run.adapter))
    return opened


def _step_of(run: RunFolder) -> int:
    """The step that what is asked of a run is of; 0 where nothing tells."""
    from studio.models import adapter

    if step := adapter.step_of(run.adapter):
        return step
    told = look(run)
    return told.best_step or told.step


def _named(against: str, parent: str) -> str:
    """What a run was compared with, in words; nothing where there is only one base."""
    if not parent:
        return ""
    return f"the run {parent}, which it goes on from" if against == PARENT else "the original model"


def _keep(run: RunFolder, result: Evaluated, answers: list[GoldenAnswer]) -> None:
    """Write `evaluations/<time>/result.json` and `answers.jsonl`."""
    run.manifest()  # raises when the run was deleted meanwhile: nothing is written where no run is
    folder = run.evaluations / datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    with whole_folder(folder) as inside:
        (inside / "result.json").write_text(to_json(result) + "\n", encoding="utf-8")
        rows = (json.dumps(asdict(a), ensure_ascii=False) for a in sorted(answers, key=lambda a: a.index))
        (inside / "answers.jsonl").write_text("".join(row + "\n" for row in rows), encoding="utf-8")
