"""The job that answers one request of the local server, with all that its protocol tells of an answer."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from studio.catalogue import Unusable
from studio.dataset.record import Message
from studio.errors import StudioError
from studio.events import Event, MadeCall, ReplyBegins, ReplyEnded, ReplyPiece
from studio.files import parsed
from studio.generate.contestant import Contestant
from studio.generate.sampling import Sampling
from studio.language import tr
from studio.runs.folder import RunFolder
from studio.words import whole_characters

if TYPE_CHECKING:
    from studio.generate.contestant import OpenContestant
    from studio.generate.forms import FormGuide
    from studio.generate.parties import Voice
    from studio.models.cache import ModelCache

LONGEST = 4096
"""Tokens of a reply where the request names no limit, or less where the model's context ends before."""


class RequestRefused(StudioError):
    """A request that this model cannot answer as it is asked."""

    bad_request = True


@dataclass(frozen=True)
class ReplyPrompt:
    """What is to be answered: a conversation, or a text or tokens that a model goes on from.

    `tools` are those that the model may call: a JSON array as text.
    """

    turns: tuple[Message, ...] = ()
    tools: str = ""
    text: str = ""
    ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ReplyJob:
    """Answer prompts with one model, `count` times each: the choices of a prompt follow one another.

    Without a run the contestant is a model's folder. `limit` 0 is as much as there is room for, at most
    LONGEST tokens. `likely` is how many of the likeliest tokens to tell at each place, None for no
    probabilities. `form` is a JSON schema, as text, that replies cannot but keep to.
    """

    run: RunFolder | None
    contestant: Contestant
    prompts: tuple[ReplyPrompt, ...]
    sampling: Sampling
    limit: int = 0
    count: int = 1
    likely: int | None = None
    form: str = ""
    changed_base: bool = False

    @property
    def title(self) -> str:
        return tr("Answering a request")

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        from studio.generate.parties import Voice

        opened = yield from self._open(model_cache)
        read = [_ids(opened, prompt) for prompt in self.prompts]
        limits = [self._limit(opened, len(ids)) for ids in read]
        yield ReplyBegins(sum(map(len, read)), opened.fingerprint)
        voice = Voice(opened.key, opened.module, opened.tokenizer, opened.renderer.stops)
        for place, (prompt, ids, limit) in enumerate(zip(self.prompts, read, limits, strict=True)):
            numbers = range(place * self.count, (place + 1) * self.count)
            yield from self._answer(opened, voice, prompt, ids, limit, numbers)

    def _answer(
        self,
        opened: OpenContestant,
        voice: Voice,
        prompt: ReplyPrompt,
        ids: list[int],
        limit: int,
        numbers: range,
    ) -> Generator[Event]:
        from studio.generate.remembered import memory_of
        from studio.generate.replies import ReplyOptions, replies

        options = ReplyOptions(self.sampling, limit, self.likely, goes_on=not prompt.turns)
        guides = [self._guide(opened) for _ in numbers] if self.form else []
        texts = dict.fromkeys(numbers, "")
        for event in replies(voice, ids, options, numbers, guides, memory_of(opened)):
            match event:
                case None:
                    yield ReplyPiece(numbers[0], "")
                case ReplyPiece(choice, text):
                    texts[choice] += text
                    yield event
                case ReplyEnded(choice) if prompt.tools:
                    yield _with_calls(event, texts[choice], prompt.tools)
                case _:
                    yield event

    def _open(self, model_cache: ModelCache) -> Generator[Event, None, OpenContestant]:
        from studio.jobs.contestants import open_contestants

        opened = yield from open_contestants(
            self.run, [self.contestant], model_cache, changed_base=self.changed_base
        )
        return opened[0]

    def _limit(self, opened: OpenContestant, prompt: int) -> int:
        """How many tokens the reply to so long a prompt may have. Raises RequestRefused where none."""
        context = opened.renderer.limits.context
        if not context:
            return self.limit or LONGEST
        if prompt >= context:
            raise RequestRefused("serve.too_long", tokens=prompt, context=context)
        return min(self.limit or LONGEST, context - prompt)

    def _guide(self, opened: OpenContestant) -> FormGuide:
        from studio.generate.forms import guide_for

        width = opened.renderer.limits.vocabulary or len(opened.tokenizer)
        try:
            return guide_for(opened.tokenizer, width, opened.renderer.stops, self.form)
        except Unusable as error:
            raise RequestRefused(error.phrase) from error


def _ids(opened: OpenContestant, prompt: ReplyPrompt) -> list[int]:
    """The prompt as tokens. Raises DataError for a conversation that the template refuses, and RequestRefused
    for tools that it leaves out.
    """
    if prompt.ids:
        most = opened.renderer.limits.vocabulary or len(opened.tokenizer)
        if wrong := next((each for each in prompt.ids if not 0 <= each < most), None):
            raise RequestRefused("serve.no_token", token=wrong, most=most)
        return list(prompt.ids)
    if not prompt.turns:
        return opened.renderer.text_ids(whole_characters(prompt.text))
    turns = [
        replace(turn, content=whole_characters(turn.content), input=whole_characters(turn.input))
        for turn in prompt.turns
    ]
    names = {tool["function"]["name"] for tool in parsed(prompt.tools or "[]")}
    names |= {call.name for turn in turns for call in turn.calls}
    if names and not all(name in opened.renderer.prompt_text(turns, prompt.tools) for name in names):
        raise RequestRefused("serve.no_tools")
    return opened.renderer.prompt_ids(turns, prompt.tools, typed_as_text=True)


def _with_calls(ended: ReplyEnded, text: str, tools: str) -> ReplyEnded:
    """The end of a reply with the calls that it makes of tools that there are."""
    from studio.generate.calls import made_calls

    names = {tool["function"]["name"] for tool in parsed(tools)}
    made = made_calls(text, offered=True)
    calls = tuple(MadeCall(call.name, call.arguments) for call in made if call.name in names)
    return replace(ended, calls=calls, finish_reason="tool_calls") if calls else ended
