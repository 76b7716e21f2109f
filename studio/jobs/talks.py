"""Talks, made ready: each contestant opened once, each conversation as its contestant reads it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from studio.catalogue import worded
from studio.errors import RunError, StudioError
from studio.events import AnswerEnded, AnswersBegin, Event, Log
from studio.generate.contestant import MIX, MODEL, RETRIEVAL, RUN, Approach, Contestant, Talk, called
from studio.generate.sampling import Sampling
from studio.jobs.contestants import open_contestants
from studio.jobs.train import recipe_of
from studio.runs.folder import RunFolder
from studio.words import whole_characters

if TYPE_CHECKING:
    from studio.dataset.record import Message, Record
    from studio.generate.contestant import OpenContestant
    from studio.generate.parties import Contest
    from studio.generate.served import ServedContestant
    from studio.generate.talking import Answering, AskedTalk
    from studio.models.cache import ModelCache


_ROWS = 5000
"""Rows that examples and passages are taken from, at most."""


def distinct(contestants: Sequence[Contestant]) -> tuple[Contestant, ...]:
    """Each that is asked, once: the approach stands in its conversation."""
    return tuple({each.key: each for each in contestants}.values())


@dataclass
class OpenTalks:
    """Talks around a run, by the names that events call them. Control tokens typed in them are text, or with
    `typed_tokens` what they look like.
    """

    run: RunFolder | None
    talks: tuple[Talk, ...]
    typed_tokens: bool = False
    names: tuple[str, ...] = ()
    turns: list[tuple[Message, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = called(self.talks)
        self.turns = [turns_of(talk, self.run) for talk in self.talks]

    def open(
        self, model_cache: ModelCache, *, changed_base: bool, remembers: bool = False
    ) -> Generator[Event, None, Contest]:
        """Everybody whose weights are here. Raises StudioError as `open_contestants` does."""
        from studio.generate.parties import Contest

        here = distinct([talk.contestant for talk in self.talks if talk.contestant.is_local])
        opened = yield from open_contestants(self.run, here, model_cache, changed_base=changed_base)
        return Contest(opened, remembers)

    def served(self) -> list[tuple[int, ServedContestant]]:
        """The places of talks with servers. Raises ServerError, with nothing asked yet."""
        from studio.generate.served import served

        talks = enumerate(self.talks)
        return [(place, served(talk.contestant)) for place, talk in talks if not talk.contestant.is_local]

    def _here(self) -> list[tuple[int, Talk]]:
        return [(place, talk) for place, talk in enumerate(self.talks) if talk.contestant.is_local]

    def typed(self, contest: Contest) -> Iterator[Log]:
        """What of the conversations looks like control tokens, and how it is read."""
        from studio.catalogue import phrase, sentence
        from studio.dataset.record import Record

        found: dict[str, None] = {}
        for place, talk in self._here():
            renderer = contest.of(talk.contestant.key).renderer
            found |= dict.fromkeys(renderer.control_texts(Record(1, self.turns[place])))
        if found:
            code = "prompt.typed_tokens" if self.typed_tokens else "prompt.typed_text"
            yield Log(sentence(phrase(code, marks=", ".join(found))), "warning")

    def asked(self, contest: Contest) -> list[AskedTalk]:
        """The talks of those whose weights are here, as each reads its own."""
        from studio.generate.talking import asked_talk

        return [
            asked_talk(
                self.names[place],
                contest.of(talk.contestant.key),
                self.turns[place],
                talk.begun_ids or talk.begun,
                talk.tools,
                is_raw=talk.is_raw,
                typed_as_text=not self.typed_tokens,
            )
            for place, talk in self._here()
        ]

    def remarks(self, contest: Contest, asked: Sequence[AskedTalk], most: int) -> Iterator[Log]:
        """What a person should know of prompts of these lengths, answered with at most so many tokens."""
        found: dict[str, None] = {}
        for each in asked:
            opened = contest.of(each.contestant)
            whole = (*each.prompt, *each.begun)
            remarks = (opened.renderer.remark([whole], most), *opened.remarks_on(len(whole) + most))
            found |= dict.fromkeys(map(str, filter(None, remarks)))
        yield from (Log(remark, "warning") for remark in found)

    def begins(self, contest: Contest, asked: Sequence[AskedTalk], seed: int) -> Iterator[AnswersBegin]:
        """Who answers, each talk for itself, in their order."""
        from studio.generate.shared import is_shared

        local = {each.who: each for each in asked}
        for name, talk in zip(self.names, self.talks, strict=True):
            who = talk.contestant
            begin = AnswersBegin(who.model or who.server, "", 0, name, who.title, seed=seed)
            if name in local:
                opened, read = contest.of(who.key), local[name]
                run, step = self._source(opened)
                begin = replace(
                    begin,
                    model=self._model(opened),
                    run=run,
                    step=step,
                    prompt_tokens=len(read.prompt) + len(read.begun),
                    template="" if talk.is_raw else opened.renderer.description,
                    fingerprint=opened.fingerprint,
                    is_shared=is_shared(opened),
                )
            yield begin

    def _model(self, opened: OpenContestant) -> str:
        """The model as the run that is asked names it, else its folder."""
        run = self.run
        who = opened.contestant
        if who.kind == MODEL or run is None:
            return str(opened.folder)
        return recipe_of((_other(run, who) or run).manifest()).model

    def _source(self, opened: OpenContestant) -> tuple[str, int]:
        """The run, and the step, that what a contestant learned is of."""
        who, run = opened.contestant, self.run
        if who.kind == MIX:
            return ", ".join(dict.fromkeys(part.run or (run.name if run else "") for part in who.parts)), 0
        if run is None or not opened.method:
            return "", 0
        return (_other(run, who) or run).name, opened.step

    def there(self, place: int, contestant: ServedContestant, sampling: Sampling) -> Answering:
        """The answer of a server. Where it has none, others' still come; alone it raises ServerError."""
        from studio.generate.talking import served_talk

        name = self.names[place]
        try:
            yield from served_talk(name, contestant, self.turns[place], sampling)
        except StudioError as error:
            if len(self.names) == 1:
                raise
            yield AnswerEnded(name, str(error), 0, 0, 0.0, 0.0, "failed")


def turns_of(talk: Talk, run: RunFolder | None) -> tuple[Message, ...]:
    """The conversation as it is put to the contestant, with what its approach shows before it.

    An approach that is known by its name alone shows what the rows of `run` have for the last question.
    Raises RunError where there are none.
    """
    from studio.evaluate.approaches.prompting import asked_with
    from studio.evaluate.approaches.putting import approach_of
    from studio.evaluate.approaches.retrieval import PassageIndex, passages_of_rows
    from studio.evaluate.options import STANDARD
    from studio.evaluate.task import TaskItem

    turns = tuple(replace(turn, content=whole_characters(turn.content)) for turn in talk.turns)
    item, approach = TaskItem(turns), talk.contestant.approach
    if not approach.name or approach != Approach(name=approach.name):
        return asked_with(item, approach).turns
    records, question = kept_records(run, approach.name), turns[-1].content if turns else ""
    shown = approach_of(approach.name, STANDARD, records, [question])
    if approach.name != RETRIEVAL:
        return asked_with(item, shown).turns
    index = PassageIndex(passages_of_rows(records, run.name if run else ""))
    return asked_with(item, shown, index.find(question, STANDARD.passages)).turns


def kept_records(run: RunFolder | None, approach: str) -> tuple[Record, ...]:
    """The first of the rows that a run kept to train on. Raises RunError where there are none."""
    from studio.dataset.manifest import is_saved

    if run is None or not is_saved(run.dataset):
        raise RunError("approach.no_rows", name=worded(approach))
    return _rows_in(run.dataset)


@lru_cache(maxsize=1)
def _rows_in(dataset: Path) -> tuple[Record, ...]:
    """Read once for a conversation: the rows that a run kept do not change."""
    from studio.dataset.read.load import read

    return tuple(read(dataset).records[:_ROWS])


def _other(run: RunFolder, contestant: Contestant) -> RunFolder | None:
    return RunFolder(run.path.parent / contestant.run) if contestant.kind == RUN else None
