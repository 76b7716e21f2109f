"""What was said in the playground, as files that others read: JSON for programs, Markdown for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from studio.dataset.record import Message
from studio.evaluate.report.markdown import plain_markdown
from studio.events import AnswersBegin, GridAnswered, GridColumn
from studio.generate.sampling import Sampling

FORMAT = 1
"""Of the JSON documents; another one is written where a reader of this would not understand it."""
_FENCE = re.compile(r"`{3,}")
_ROLES = {"system": "System", "user": "You", "assistant": "Answer", "tool": "Tool"}


@dataclass(frozen=True)
class TranscriptColumn:
    """One column: who answered, as it was announced with its last answer, and all turns with the answers."""

    begin: AnswersBegin
    turns: tuple[Message, ...]


@dataclass(frozen=True)
class AnswerGrid:
    """Prompts, who was asked them, and what came."""

    prompts: tuple[str, ...]
    columns: tuple[GridColumn, ...]
    answers: tuple[GridAnswered, ...]
    system: str = ""

    def answer(self, place: int, who: str) -> GridAnswered | None:
        """A contestant's answer to a prompt, if it has come."""
        return next((each for each in self.answers if (each.place, each.who) == (place, who)), None)


def conversations_as_json(conversations: Sequence[TranscriptColumn], sampling: Sampling) -> str:
    """Each conversation in OpenAI's shape, so that it can be read as a dataset, too."""
    told = [_told(each) for each in conversations]
    return _written({"format": FORMAT, "sampling": sampling.model_dump(mode="json"), "conversations": told})


def _told(conversation: TranscriptColumn) -> dict[str, Any]:
    begin = conversation.begin
    names = ("who", "title", "model", "run", "step", "fingerprint", "template", "seed")
    messages = [_message(turn) for turn in conversation.turns]
    return {**{name: getattr(begin, name) for name in names}, "messages": messages}


def _message(turn: Message) -> dict[str, Any]:
    calls = [
        {"type": "function", "id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
        for call in turn.calls
    ]
    return {"role": turn.role, "content": turn.shown, **({"tool_calls": calls} if calls else {})}


def conversations_as_markdown(conversations: Sequence[TranscriptColumn], sampling: Sampling) -> str:
    """One conversation after another; what was said stands in fences, where nothing is read as Markdown."""
    lines = ["# Conversations", "", f"{_drawn(sampling)}.", ""]
    for each in conversations:
        lines += [f"## {plain_markdown(_name(each.begin))}", ""]
        for turn in each.turns:
            lines += [f"**{_ROLES.get(turn.role, turn.role)}**", "", *_fenced(turn.whole), ""]
    return "\n".join(lines)


def _name(begin: AnswersBegin) -> str:
    source = f"{begin.run}, step {begin.step:,}" if begin.run and begin.step else begin.run or begin.model
    return f"{begin.title or begin.who} ({source})"


def grid_as_json(grid: AnswerGrid, sampling: Sampling) -> str:
    """Every prompt with the answer of each contestant by its key, and the statistics of each."""
    rows = [
        {
            "prompt": prompt,
            "answers": {
                column.who: {"text": found.text, "tokens": found.tokens, "seconds": round(found.seconds, 4)}
                | {"finish_reason": found.finish_reason}
                for column in grid.columns
                if (found := grid.answer(place, column.who))
            },
        }
        for place, prompt in enumerate(grid.prompts)
    ]
    document = {
        "format": FORMAT,
        "sampling": sampling.model_dump(mode="json"),
        "system": grid.system,
        "columns": [asdict(column) for column in grid.columns],
        "rows": rows,
    }
    return _written(document)


def grid_as_markdown(grid: AnswerGrid, sampling: Sampling) -> str:
    """The statistics as a table, then each prompt with its answers."""
    lines = ["# Answers", "", f"{len(grid.prompts):,} prompts. {_drawn(sampling)}.", ""]
    if grid.system:
        lines += ["**System**", "", *_fenced(grid.system), ""]
    return "\n".join([*lines, *_table(grid.columns), "", *_answers(grid)])


def _table(columns: Sequence[GridColumn]) -> Iterator[str]:
    yield "| contestant | answers | mean tokens | mean seconds | cut | empty | same as the first |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for each in columns:
        means = f"{each.tokens:.1f} | {each.seconds:.2f}"
        counts = f"{each.cut} | {each.empty} | {each.same}"
        yield f"| {plain_markdown(each.title)} | {each.answers} | {means} | {counts} |"


def _answers(grid: AnswerGrid) -> Iterator[str]:
    for place, prompt in enumerate(grid.prompts):
        yield from (f"## {place + 1}", "", *_fenced(prompt), "")
        for column in grid.columns:
            if found := grid.answer(place, column.who):
                yield from (f"**{plain_markdown(column.title)}**", "", *_fenced(found.text), "")


def _drawn(sampling: Sampling) -> str:
    how = "The likeliest token" if sampling.is_greedy else f"Temperature {sampling.temperature:g}"
    parts = [how, f"top-p {sampling.top_p:g}", f"top-k {sampling.top_k}", f"min-p {sampling.min_p:g}"]
    parts += [
        f"repetition penalty {sampling.repetition_penalty:g}",
        f"at most {sampling.max_tokens:,} tokens",
    ]
    return ", ".join([*parts, f"seed {sampling.seed}"])


def _fenced(text: str) -> list[str]:
    """The text between fences that are longer than any in it."""
    longest = max((len(found) for found in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return [f"{fence}text", text.strip("\n"), fence]


def _written(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
