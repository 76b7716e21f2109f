"""The job that asks a trained run: one prompt, of the tuned model or side by side."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.events import AnswerPiece, AnswersBegin, Event, Log
from studio.generate.contestant import BASE, TUNED, contestant_of
from studio.generate.sampling import Sampling
from studio.jobs.train import recipe_of
from studio.runs.folder import RunFolder
from studio.runs.store import look
from studio.words import whole_characters

if TYPE_CHECKING:
    from studio.generate.contestant import OpenContestant
    from studio.models.cache import ModelCache

WHO = (BASE, TUNED)


@dataclass(frozen=True)
class ChatJob:
    """Ask one prompt of contestants side by side, by their keys: of base and tuned, or of others.

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
        from studio.generate.stream import answer, in_turn
        from studio.jobs.contestants import open_contestants

        contestants = [contestant_of(who) for who in self.who]
        opened = yield from open_contestants(
            self.run, contestants, model_cache, changed_base=self.changed_base
        )
        turns = (Message("user", whole_characters(self.prompt)),)
        if typed := opened[0].renderer.control_texts(Record(1, turns)):
            code = "prompt.typed_tokens" if self.typed_tokens else "prompt.typed_text"
            yield Log(sentence(phrase(code, marks=", ".join(typed))), "warning")
        streams = []
        for each in opened:
            prompt = each.renderer.prompt_ids(turns, typed_as_text=not self.typed_tokens)
            if each is opened[0]:
                yield from self._remarks(each, prompt)
            stops = each.renderer.stops
            streams.append(answer(each.key, each.module, each.tokenizer, prompt, self.sampling, stops))
        model = recipe_of(self.run.manifest()).model
        yield AnswersBegin(model, self.run.name, _step_of(self.run))
        for event in in_turn(streams):
            yield event or AnswerPiece(self.who[0], "")

    def _remarks(self, contestant: OpenContestant, prompt: Sequence[int]) -> Iterator[Log]:
        """What a person should know of a prompt of this length."""
        most = self.sampling.max_tokens
        limit = contestant.renderer.remark([prompt], most)
        for remark in (*([limit] if limit else []), *contestant.remarks_on(len(prompt) + most)):
            yield Log(str(remark), "warning")


def _step_of(run: RunFolder) -> int:
    """The step that what is asked of a run is of; 0 where nothing tells."""
    from studio.models import adapter

    if step := adapter.step_of(run.adapter):
        return step
    told = look(run)
    return told.best_step or told.step
