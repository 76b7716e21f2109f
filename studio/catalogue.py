"""Every sentence about a row or a file, by its code: what is told apart by code is worded here alone.

A sentence is a template with named values. Saying something new takes one line in `CLAUSES`; another
language is another such table. Nothing but this module knows the words, and nothing reads them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from string import Formatter
from typing import Any

from studio.words import printable

CLAUSES: dict[str, str] = {
    # What a row is, before its fields are looked at.
    "row.not_json": "not JSON: {fault}",
    "row.not_json_at": "not JSON: {fault} at character {column}",
    "row.trailing": "not JSON: something follows the object at character {column}",
    "row.last_not_json": "not JSON: {fault}; nothing after it could be read",
    "row.nul": "holds a NUL byte; remove it, or save the file as UTF-8 again",
    "row.array": "an array, not an object; if the whole file is one array, name it .json",
    "row.not_object": "{kind}, not an object with named fields",
    "row.repeated_name": '"{name}" appears twice; keep one of them',
    "row.too_many_characters": "longer than {limit:,} characters; split it into several examples",
    "row.too_many_cells": "{cells} cells where the header has {columns}; put quotes around text with a comma",
    "row.quote_open": 'a quote (") opens here and is never closed',
    "row.quote_too_long": 'longer than {limit:,} characters; is a quote (") not closed?',
    "row.not_cells": "not a table row: {fault}",
    "row.quote_inside": 'a quote (") inside a text must be doubled ("")',
    "row.last_cells": "{fault}; nothing after it was read up to line {line:,}",
    # What its fields hold.
    "row.unknown_fields": "only unknown fields ({fields})",
    "row.unknown_fields_for": "only unknown fields ({fields}); this file's rows need {needs}",
    "row.missing": "missing {what} (it has {fields})",
    "row.null": "{what} is null",
    "row.empty": "{what} is empty",
    "row.not_text": "{what} is {kind}, not text",
    "row.nul_in_text": "{what} holds a NUL byte; remove it, or save the file as UTF-8 again",
    "row.not_utf8": "{what} is not valid UTF-8: byte {byte} at character {column}; save it as UTF-8",
    "row.half_character": "{what} holds half a character (\\u{character}) at character {column}",
    # Conversations.
    "row.not_turns": "{what} is {kind}, not an array of turns",
    "row.no_turns": "{what} is empty",
    "row.turn_not_object": "{what} is {kind}, not an object with role and content",
    "row.turn_without": '{what} has no "{name}" (it has {fields})',
    "row.unknown_role": "{what} is by {role}; use system, user, assistant or tool",
    "row.calls_by_other": "{what} calls a tool; only the assistant can",
    "row.unknown_weight": "the weight of {what} is {kind}; use 0 (not trained) or 1",
    "row.no_answer": "{what} has no turn by the assistant, so there is no answer to learn",
    "row.no_weight": "every answer has the weight 0, so there is none to learn",
    "row.history": '"history" must be an array of pairs, each a question and its answer',
    "row.media_part": "{what} holds a picture, sound or file; only text is trained, so the row is left out",
    "row.media": "{what} holds pictures, sound or video; only text is trained, so the row is left out",
    "row.placeholder": "its text stands around a picture ({mark}); only text is trained, so it is left out",
    "row.unknown_part": "{what} has a part that is not known here ({fields}); use parts of text",
    "row.part_marks": "{what} marks parts of itself as not trained ({name}); only whole turns can be, by "
    '"train": false',
    # Tools.
    "row.tool_not_object": "{what} is {kind}, not an object",
    "row.tool_without_name": '{what} has no "name" (it has {fields})',
    "row.arguments_not_object": "{what} are {kind}, not an object of named values",
    "row.no_json_text": "{what} cannot be read as JSON: {fault}",
    "row.not_writable": "{what} cannot be written as JSON: {fault}",
    # Completions and pairs.
    "row.unwanted": "{what} is false: this completion is marked as one that is not wanted",
    "row.prompt_only": "a prompt without an answer: {what} is what a reward compares with; to learn it, "
    'call it "completion"',
    "row.other_format": "a {format} example in a file of {common} ones, which train in another way; put it "
    "into a file of its own",
    "row.side_without_answer": "{what} does not end with a turn by the assistant",
    "row.sides_differ": '"chosen" and "rejected" differ before their last turn; only that may differ',
    "row.rejected_calls": "the rejected answer calls a tool; a pair is compared by its text",
    "row.chosen_calls": "the preferred answer calls a tool; a pair is compared by its text",
    "row.sides_equal": '"chosen" and "rejected" are the same, so there is nothing to prefer',
    # What training makes of it.
    "row.too_long": "left out, because its {tokens:,} tokens are more than the maximum length of {limit:,}; "
    "raise the maximum, or set Too long to cut the prompt or the end",
    "row.answer_too_long": "left out, because its answer ({answer:,} of {tokens:,} tokens) does not fit into "
    "the maximum length of {limit:,} even without the prompt; raise the maximum, or set Too long to cut_end. "
    "(Of several answers, all from the first count; Train on last_answer makes room)",
    "row.prompt_too_long": "the prompt alone fills the maximum length of {limit:,} tokens (the example has "
    "{tokens:,}), so nothing of the answer is left; raise the maximum length or shorten the prompt",
    "row.no_prompt": "there is no prompt before its answer",
    "row.same_tokens": "the chosen and the rejected answer are the same tokens",
    "row.nothing_to_train": "there is no token to train in it",
    "row.conversation": "a conversation, not plain text; set the objective to sft for it",
    "row.no_pair": 'no pair of "chosen" and "rejected"; set the objective to sft for it',
    "row.prompts_differ": "the template writes another prompt for the rejected answer than for the chosen",
    "template.no_system": "{template} leaves out what the system says",
    "template.no_answer": "{template} does not show where the last answer begins",
    "template.too_many_rows": "{template} shows its answers only in rows of their own, more than {limit:,} "
    "of them; divide the conversation",
    "template.beyond": "{template} takes more than {seconds} seconds of computing, or too much memory, to "
    "write it, and was stopped; choose the template chatml, or one of your own (.jinja)",
    "template.no_tools": "{template} has no place for tools; choose the template chatml",
    "template.no_calls": "{template} has no place for the tools that turn {turn} calls",
    "template.no_tool_answer": "{template} leaves out what the tool answers in turn {turn}",
    "template.refuses": "{template} refuses it: {fault}",
    "template.refuses_in_line": "{template} refuses it in line {line}: {fault}",
    "template.alpaca_tools": "the Alpaca prompt has no place for tools; choose the template chat or chatml",
    "template.alpaca_turn": "the Alpaca prompt has no place for a turn by {role}",
    # What deserves a look in a row that can train.
    "row.duplicate": "exact duplicate of {place}",
    "row.identical": "the prompt and the answer are identical",
    "row.tool_text": "an answer holds what a tool gave back ({mark}), which is learned with it; make that "
    "a turn by the tool",
    "row.left_out": "trains without {fields}, which may carry meaning and has no place in the example",
    "row.unanswered": "ends with a turn that is never answered",
    "row.cut_prompt": "longer than {limit:,} tokens: the beginning of the prompt is cut",
    "row.rows_left_out": "{left:,} of the {rows:,} rows that its answers become are longer than {limit:,} "
    "tokens and are left out",
    "row.cut_end": "longer than {limit:,} tokens: the end is cut",
    "row.control_text": "contains {marks}, which this model reads as a control token, not as text",
    # Whole files.
    "file.own_rows": "{examples} in {rows}: once a conversation goes on, "
    "the template shows some of its answers otherwise, and each of these has a row of its own",
    "file.refused": "{sentence}",
    "file.other_format": "left out: it holds {format} examples, the other files {common} ones",
    "file.encoding": "not UTF-8: read as {encoding}; if letters look wrong, save the file as UTF-8",
    "file.gzip_damaged": "the compressed file is damaged ({fault}); what comes after was not read",
    "file.array_open": "the file ends before its array is closed; was it cut off?",
    "file.after_array": "something follows the end of the array; it was not read",
    "file.rows_damaged": "rows {first:,} to {last:,} are damaged and cannot be read: {fault}",
    "file.rest_damaged": "all rows from {first:,} on are damaged and cannot be read: {fault}",
    "file.beyond_context": "{rows:,} rows are longer than the model's context of {context:,} tokens (the "
    "longest has {longest:,}), so it cannot follow them to their end; set Max length (data.max_length) to "
    "{context:,}",
    "file.beyond_positions": "{rows:,} rows are longer than the {context:,} positions that this model has "
    "(the longest has {longest:,}), and cannot be read; set Max length (data.max_length) to {context:,}",
    # What a model cannot take.
    "model.token_beyond": 'the token "{token}" has the id {id:,}, but the embedding of this model has '
    "{vocabulary:,} rows and its tokenizer {tokens:,} tokens; they do not belong together: choose the model "
    "that the tokenizer was made for, or take the token out of the rows",
    "prompt.typed_text": "the prompt contains {marks}, read as text here, not as the model's control token",
    "prompt.typed_tokens": "the prompt contains {marks}, read as the model's control token here, not as text",
    "model.prompt_beyond": "the prompt has {tokens:,} tokens, and the model's context {context:,}; it cannot "
    "follow all of it: shorten the prompt",
    "model.prompts_beyond": "{prompts:,} prompts are longer than the model's context of {context:,} tokens "
    "(the longest has {tokens:,}); it cannot follow them: shorten them",
    "model.answer_beyond": "the prompt has {tokens:,} tokens and the answer may have {answer:,}, more "
    "together than the model's context of {context:,}; what it says beyond is not to be relied on: shorten "
    "the prompt or the answer",
    "model.positions": "the prompt and its answer ({tokens:,} tokens and up to {answer:,}) do not fit into "
    "the {context:,} positions that this model has: shorten the prompt or the answer",
    # What a step could not do as asked.
    "step.person": "{step}: only a person can decide that",
    "step.held_out": "{rows:,} rows of {name} ask what a row asks that is held out, or were made from one, "
    "and were left out",
    "step.too_few": "{name} has {there:,} rows to mix in, not {wanted:,}: all were taken",
    "step.fewer_golden": "{found:,} golden rows were reserved, not {wanted:,}: at most a fifth",
    "step.not_restored": "was not restored: it had not been deleted",
    "step.row_gone": "{action}: there is no such row any more",
    "step.row_changed": "{action}: the row holds something else by now",
    "step.impossible": "{action}. {sentence}",
    "step.not_edited": "was not edited",
    "step.not_deleted": "was not deleted",
    # Parts of sentences.
    "fault.in_line": "{fault} at character {column} of line {line}",
    "fault.nested": "nested too deeply",
    "fault.number": "a number of more than {digits:,} digits",
    "both": "{one}; {other}",
    "field": '"{name}"',
    "fields.none": "none",
    "fields.two": "{one}, {other}",
    "fields.more": "{one}, …",
    "turn": "turn {number}",
    "turn.by": "turn {number} ({role})",
    "role.system": "system",
    "role.user": "user",
    "role.assistant": "assistant",
    "role.tool": "tool",
    "reasoning": "the reasoning of {turn}",
    "call": "a call of a tool in {turn}",
    "call.text": "the call of a tool in {turn}",
    "call.name": "the name of a tool in {turn}",
    "call.id": "the id of a call in {turn}",
    "call.arguments": 'the arguments of "{name}" in {turn}',
    "tool": "tool {number} of {what}",
    "line": "line {line}",
    "line.of": "line {line} of {file}",
    "quoted": '"{text}"',
    "kind.null": "null",
    "kind.true": "true",
    "kind.false": "false",
    "kind.number": "a number ({value})",
    "kind.long_number": "a number (a long one)",
    "kind.text": "a text",
    "kind.array": "an array",
    "kind.object": "an object",
    "kind.binary": "binary data",
    "kind.other": "a {type}",
}

EMPTY = frozenset({"row.null", "row.empty", "row.no_turns"})
"""Nothing stands where a text is needed."""

TOO_LONG = frozenset({"row.too_long", "row.answer_too_long", "row.prompt_too_long"})
"""Left out for its length in tokens, or with nothing left of its answer."""

_VARIES = "…"

type Value = str | int | Phrase


@dataclass(frozen=True)
class Phrase:
    """Something said, as a code and named values; its text is the catalogue's. Make it by `phrase`.

    A value may be a phrase itself. Bytes that are no text are spelled out, so it can be written anywhere.
    """

    code: str
    values: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        return printable(_FORMATTER.vformat(CLAUSES[self.code], (), dict(self.values)))

    @property
    def shape(self) -> tuple[Any, ...]:
        """Equal for phrases that differ only in names and numbers."""
        inner = ((name, value.shape) for name, value in self.values if isinstance(value, Phrase))
        return (self.code, *inner)

    def plain(self) -> dict[str, Any]:
        """The code and the values as JSON holds them; `from_plain` reads it."""
        return {
            "code": self.code,
            "values": {
                name: value.plain() if isinstance(value, Phrase) else value for name, value in self.values
            },
        }

    def with_fields(self, names: Mapping[str, str]) -> Phrase:
        """The same, speaking of fields by other names."""
        if self.code == "field":
            return phrase("field", **{name: names.get(str(value), value) for name, value in self.values})
        changed = (
            (name, value.with_fields(names) if isinstance(value, Phrase) else value)
            for name, value in self.values
        )
        return replace(self, values=tuple(changed))


class Unusable(ValueError):
    """Why something cannot be used: `phrase` has the code and the values, its text is the clause."""

    def __init__(self, code: str, **values: Value) -> None:
        self.phrase = phrase(code, **values)
        super().__init__(code)

    def __str__(self) -> str:
        return str(self.phrase)


def phrase(code: str, **values: Value) -> Phrase:
    """What the catalogue says under this code. Raises KeyError for a code that it does not have."""
    if code not in CLAUSES:
        raise KeyError(code)
    return Phrase(code, tuple(values.items()))


def sentence(what: Phrase) -> str:
    """The phrase as a sentence of its own."""
    text = str(what)
    return f"{text[:1].upper()}{text[1:]}."


def from_plain(found: Mapping[str, Any]) -> Phrase:
    """The phrase that `plain` gave."""
    values = ((name, from_plain(v) if isinstance(v, dict) else v) for name, v in found["values"].items())
    return Phrase(str(found["code"]), tuple(values))


def joined(phrases: Iterable[Phrase]) -> Phrase:
    """Several phrases, at least one, as one."""
    return reduce(lambda one, other: phrase("both", one=one, other=other), phrases)


def common(one: Phrase, other: Phrase) -> Phrase:
    """What two phrases of one shape have in common: values that differ are left open."""
    pairs = zip(one.values, other.values, strict=True)
    return replace(one, values=tuple((name, _common(left, right)) for (name, left), (_, right) in pairs))


def _common(left: Value, right: Value) -> Value:
    if isinstance(left, Phrase) and isinstance(right, Phrase):
        return common(left, right)
    return left if left == right else _VARIES


class _Formatter(Formatter):
    """Numbers as the clause wants them; a value left open stands for itself."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return str(value) if isinstance(value, str | Phrase) else format(value, format_spec)


_FORMATTER = _Formatter()
