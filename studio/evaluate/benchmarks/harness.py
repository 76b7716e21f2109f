"""An open contestant as lm-evaluation-harness asks for a model, and a task asked of it and scored."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM

from studio.dataset.record import Message
from studio.evaluate.benchmarks.replies import ANSWER, LIKELIHOOD, ROLLING, ReplyBook, numbered, replying
from studio.evaluate.benchmarks.tasks import LoadedTask, WriteChat
from studio.generate.contestant import OpenContestant


class ContestantModel(LM):
    """A contestant's model for the harness itself: batched, sorted by length, cut at its left where too long.

    Nothing is fused: the adapter stays where it is, beside the weights that the base answers with.
    """

    def __init__(self, contestant: OpenContestant, book: ReplyBook | None = None) -> None:
        super().__init__()
        self.contestant = contestant
        self.book = book or ReplyBook()

    def loglikelihood(self, requests: list[Instance], **_: Any) -> list[tuple[float, bool]]:
        return self._replies(LIKELIHOOD, requests)

    def loglikelihood_rolling(self, requests: list[Instance], **_: Any) -> list[float]:
        return self._replies(ROLLING, requests)

    def generate_until(self, requests: list[Instance], **_: Any) -> list[str]:
        return self._replies(ANSWER, requests)

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        return chat_template(self.contestant)(chat_history, add_generation_prompt)

    @property
    def tokenizer_name(self) -> str:
        return self.contestant.fingerprint

    def chat_template(self, chat_template: bool | str = False) -> str:
        return self.contestant.renderer.description if chat_template else ""

    def _replies(self, kind: str, requests: Sequence[Instance]) -> list[Any]:
        asked = numbered([(kind, request.args) for request in requests])
        for _ in replying(self.contestant, asked, self.book):
            pass
        return [self.book.reply(each) for each in asked]


def chat_template(contestant: OpenContestant) -> WriteChat:
    """The template that the contestant was tuned with; an answer that is begun already stands behind it."""

    def template(messages: Sequence[Mapping[str, str]], add_generation_prompt: bool = True) -> str:
        turns = [Message(each["role"], each["content"]) for each in messages]
        if add_generation_prompt:
            return contestant.renderer.prompt_text(turns)
        return contestant.renderer.prompt_text(turns[:-1]) + turns[-1].content

    return template


@dataclass(frozen=True, eq=False)
class TaskRequests:
    """What a task asks: the same for every contestant, but where their chat templates differ."""

    task: LoadedTask
    limit: int
    chat: bool
    made: dict[str, list[Any]] = field(default_factory=dict)

    def building(self, contestant: OpenContestant) -> Generator[int, None, list[Any]]:
        """The requests for this contestant; yields how many rows are ready."""
        template = chat_template(contestant) if self.chat else None
        key = contestant.renderer.description if self.chat else ""
        if key not in self.made:
            found: list[Any] = []
            for rows, asked in enumerate(self.task.requests(self.limit, template), 1):
                found += asked
                yield rows
            self.made[key] = found
        return self.made[key]


type RowValues = dict[tuple[str, str], dict[int, Any]]
"""{(metric, filter): {row: value}}"""


def asking(
    requests: TaskRequests, contestant: OpenContestant, book: ReplyBook
) -> Generator[tuple[int, int], None, RowValues]:
    """A task's own verdict on each of its rows for one contestant; yields (answered, asked) on the way."""
    building = requests.building(contestant)
    while True:
        try:
            yield 0, next(building)
        except StopIteration as stop:
            instances = stop.value
            break
    repeated = [(each, each.repeats or 1) for each in instances]
    asked = numbered([(each.request_type, each.args) for each, times in repeated for _ in range(times)])
    for done in replying(contestant, asked, book):
        yield done, len(asked)
    given = iter([book.reply(each) for each in asked])
    return requests.task.scored(instances, [[next(given) for _ in range(times)] for _, times in repeated])
