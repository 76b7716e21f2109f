"""The jobs of the playground: several contestants answer at once, and one answer is read token by token."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.events import AnswerPiece, Event, Progress, retold
from studio.generate.contestant import Talk
from studio.generate.sampling import Sampling
from studio.jobs.talks import OpenTalks
from studio.language import tr
from studio.runs.folder import RunFolder

if TYPE_CHECKING:
    from studio.models.cache import ModelCache


@dataclass(frozen=True)
class ChatJob:
    """Let each talk's contestant answer it, all at once; those over one copy of the weights in one batch.

    Without a run only models by their folders and servers can be asked. Control tokens typed in a
    conversation are text, or with `typed_tokens` what they look like.
    """

    run: RunFolder | None
    talks: tuple[Talk, ...]
    sampling: Sampling
    typed_tokens: bool = False
    changed_base: bool = False  # also where the run's model is another by now

    @property
    def title(self) -> str:
        return tr("Answering")

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        from studio.generate.talking import in_turn, talking

        talks = OpenTalks(self.run, self.talks, self.typed_tokens)
        servers = talks.served()
        contest = yield from talks.open(model_cache, changed_base=self.changed_base, remembers=True)
        yield from talks.typed(contest)
        asked = talks.asked(contest)
        yield from talks.remarks(contest, asked, self.sampling.max_tokens)
        yield from talks.begins(contest, asked, self.sampling.seed)
        streams = [talking(contest, asked, self.sampling)] if asked else []
        for event in in_turn([*streams, *(talks.there(*each, self.sampling) for each in servers)]):
            yield event or AnswerPiece(talks.names[0], "")


@dataclass(frozen=True)
class ReadAnswerJob:
    """Read an answer token by token: `ids` of the talk at `place`, as its contestant and the others see it.

    Each reads it behind its own talk. Servers, and models with other tokens, are left out.
    """

    run: RunFolder | None
    talks: tuple[Talk, ...]
    place: int
    ids: tuple[int, ...]
    typed_tokens: bool = False
    changed_base: bool = False

    @property
    def title(self) -> str:
        return tr("Reading an answer")

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        from studio.generate.token_view import AnswerReader, reading_answer

        talks = OpenTalks(self.run, self.talks, self.typed_tokens)
        contest = yield from talks.open(model_cache, changed_base=self.changed_base)
        asked = {each.who: each for each in talks.asked(contest)}
        first = asked.pop(talks.names[self.place])
        readers = [
            AnswerReader(each.who, contest.of(each.contestant), each.prompt)
            for each in (first, *asked.values())
        ]
        yield (yield from retold(reading_answer(readers, self.ids), lambda _: Progress(self.title, 0)))
