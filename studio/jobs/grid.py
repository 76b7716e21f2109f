"""The job that lets several contestants answer many prompts unattended, and what their answers come to."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from studio.dataset.record import Message
from studio.events import AnswerEnded, Event, GridAnswered, GridColumn, GridEnded, Progress
from studio.generate.contestant import Contestant, Talk
from studio.generate.sampling import Sampling
from studio.jobs.contestants import different
from studio.jobs.talks import OpenTalks
from studio.language import tr
from studio.runs.folder import RunFolder
from studio.words import whole_characters

if TYPE_CHECKING:
    from studio.generate.parties import Contest
    from studio.models.cache import ModelCache


@dataclass(frozen=True)
class GridJob:
    """Ask every contestant every prompt, each by itself and with the same seed; answers come as they end.

    Those over one copy of the weights answer in one batch; servers are asked after them. Raises RunError for
    two contestants with one key, and what opening them raises.
    """

    run: RunFolder | None
    contestants: tuple[Contestant, ...]
    prompts: tuple[str, ...]
    sampling: Sampling
    system: str = ""
    changed_base: bool = False

    @property
    def title(self) -> str:
        return tr("Asking every prompt")

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        different(self.contestants)
        talks = OpenTalks(self.run, self._talks())
        talks.served()  # a server that cannot be asked is said before anything is opened
        contest = yield from talks.open(model_cache, changed_base=self.changed_base)
        found: list[GridAnswered] = []
        for answers in (self._here(talks, contest), self._there(talks)):
            for answer in answers:
                found += [answer] if answer else []
                yield answer or Progress("answers", len(found), len(talks.talks))
        yield GridEnded(columns_of([(each.key, each.title) for each in self.contestants], found))

    def _talks(self) -> tuple[Talk, ...]:
        """One contestant after another, each with all the prompts in their order."""
        system = (Message("system", whole_characters(self.system)),) if self.system else ()
        return tuple(
            Talk(contestant=each, turns=(*system, Message("user", whole_characters(prompt))))
            for each in self.contestants
            for prompt in self.prompts
        )

    def _here(self, talks: OpenTalks, contest: Contest) -> Iterator[GridAnswered | None]:
        from studio.generate.batch import AskedPrompt, batch_answers

        asked = talks.asked(contest)
        places = {name: place % len(self.prompts) for place, name in enumerate(talks.names)}
        prompts = [AskedPrompt(each.contestant, each.prompt) for each in asked]
        for came in batch_answers(contest, prompts, self.sampling):
            if came is None:
                yield None
                continue
            one, answer = asked[came[0]], came[1]
            told = answer.text, answer.tokens, answer.seconds, answer.finish_reason
            yield GridAnswered(places[one.who], one.contestant, *told)

    def _there(self, talks: OpenTalks) -> Iterator[GridAnswered | None]:
        for place, contestant in talks.served():
            for event in talks.there(place, contestant, self.sampling):
                if isinstance(event, AnswerEnded):
                    told = event.text, event.tokens, event.seconds_to_first, event.finish_reason
                    yield GridAnswered(place % len(self.prompts), contestant.key, *told)
                else:
                    yield None


def columns_of(
    contestants: Sequence[tuple[str, str]], answers: Sequence[GridAnswered]
) -> tuple[GridColumn, ...]:
    """The statistics of each contestant, by (key, title), in that order; the first is the baseline."""
    baseline = contestants[0][0] if contestants else ""
    first = {each.place: each.text.strip() for each in answers if each.who == baseline}
    return tuple(
        _column(key, title, [each for each in answers if each.who == key], first)
        for key, title in contestants
    )


def _column(key: str, title: str, answers: Sequence[GridAnswered], first: dict[int, str]) -> GridColumn:
    return GridColumn(
        key,
        title,
        len(answers),
        _mean([each.tokens for each in answers]),
        _mean([each.seconds for each in answers]),
        _mean([len(each.text.strip()) for each in answers]),
        cut=sum(each.finish_reason == "length" for each in answers),
        empty=sum(not each.text.strip() for each in answers),
        same=sum(each.text.strip() == first.get(each.place) for each in answers),
    )


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0
