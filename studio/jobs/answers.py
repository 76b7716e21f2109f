"""The job that asks a trained run: one prompt, of the tuned model or side by side."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.events import AnswerPiece, AnswersBegin, Event, Log
from studio.generate.sampling import Sampling
from studio.jobs.base import same_base
from studio.jobs.train import recipe_of, unproven
from studio.paths import model_folder
from studio.runs.folder import RunFolder
from studio.runs.store import look
from studio.words import whole_characters

if TYPE_CHECKING:
    from studio.models.cache import ModelCache, OpenModel
    from studio.recipe.recipe import Recipe

WHO = ("base", "tuned")


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
            opened[who] = yield from _open(who, recipe, self.run, model_cache)
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


def _open(
    who: str, recipe: Recipe, run: RunFolder, model_cache: ModelCache
) -> Generator[Event, None, OpenModel]:
    from studio.models import adapter
    from studio.train.prepare import form_of, open_start, parents_of

    if who == "base":
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
