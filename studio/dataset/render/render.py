"""The one place where text becomes tokens: for colouring, for training and for generating alike."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from studio.catalogue import Phrase, phrase, sentence
from studio.dataset.record import PAIRED, Message, Record
from studio.dataset.render.encoder import Encoder
from studio.dataset.render.places import PlacedTokens, token_texts
from studio.dataset.render.template import Marked, Refused, Written, align, mark
from studio.dataset.render.truncate import DoesNotFit, Limits, TokenRange, shorten, windows
from studio.dataset.render.writer import Writer
from studio.errors import DataError
from studio.events import Piece, finished
from studio.language import tr

_UNLIMITED = 2**31 - 1


@dataclass(frozen=True)
class Rendering:
    """How records become examples: the recipe's fields of the same names.

    `template` is auto, chat, alpaca, chatml, or the path of a .jinja file.
    `max_length` counts tokens, at least 2. What trains as plain text is never cut: it becomes several
    examples.

    A conversation has one row more for each answer that the template shows otherwise once it goes on.
    Without `every_answer` those answers are not trained: so runs of the first release go on.
    """

    template: str = "auto"
    max_length: int = 1024
    too_long: Literal["drop", "cut_prompt", "cut_end"] = "drop"
    train_on: Literal["answers", "last_answer", "all"] = "answers"
    objective: Literal["sft", "text", "dpo", "orpo", "simpo"] = "sft"
    every_answer: bool = True

    @property
    def pairs(self) -> bool:
        """Whether each example is a chosen and a rejected answer."""
        return self.objective in PAIRED


@dataclass(frozen=True, slots=True)
class Tokens:
    """A rendered text. `trained[i]`: token i is a target; `cut`: how many more did not fit.

    The first token is never a target: nothing stands before it to predict it from.
    """

    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    cut: int = 0

    @property
    def targets(self) -> int:
        """How many tokens are trained."""
        return sum(self.trained)


@dataclass(frozen=True, slots=True)
class Example:
    """What the loop trains on: tokens with at least one target.

    Of a pair, `tokens` ends in the chosen answer and `rejected` in the other; up to the first target, the
    two are the same tokens. `left_out` is on the first of several of one record: the tokens of each other
    row that is left out for its length.
    """

    record: Record
    tokens: Tokens
    rejected: Tokens | None = None
    left_out: tuple[int, ...] = ()

    @property
    def cut(self) -> int:
        """How many tokens did not fit; of a pair, on the side that lost more."""
        return max(self.tokens.cut, self.rejected.cut if self.rejected else 0)


class ExampleError(DataError):
    """A record that gives no example; `why` says so without the line."""

    def __init__(self, line: int, what: Phrase) -> None:
        super().__init__("row.no_example", line=line, reason=what)
        self.line = line
        self.why = what


class TooLong(ExampleError):
    """A record that is left out for its length, in `tokens`."""

    def __init__(self, line: int, what: Phrase, tokens: int) -> None:
        super().__init__(line, what)
        self.tokens = tokens


class Renderer:
    """Renders records for one tokenizer.

    `tokenizer` is a transformers fast tokenizer, or mlx-lm's wrapper around one. The template auto is the
    chat template where the tokenizer has one, else Alpaca. Raises DataError when chat is asked of a
    tokenizer without a chat template, and with the line when a .jinja file is not a usable one. With the
    model's `limits` whatever is rendered raises DataError for a token that the model does not have.
    """

    def __init__(
        self, tokenizer: Any, rendering: Rendering | None = None, limits: Limits | None = None
    ) -> None:
        self._given = tokenizer
        inner = getattr(tokenizer, "_tokenizer", None)
        wrapped = hasattr(inner, "apply_chat_template")
        self._ends = frozenset(tokenizer.eos_token_ids if wrapped else [tokenizer.eos_token_id]) - {None}
        tokenizer = inner if wrapped else tokenizer
        self.rendering = rendering or Rendering()
        self.limits = limits or Limits()
        self._encoder = Encoder(tokenizer, self.limits.vocabulary)
        self._writer = Writer(tokenizer, self._encoder, self.rendering.template, self.rendering.objective)

    def without_limit(self) -> Renderer:
        """One that leaves out no row for its length: to count tokens with."""
        return Renderer(self._given, Rendering(self.rendering.template, max_length=_UNLIMITED))

    @property
    def description(self) -> str:
        """The template, in words."""
        return str(self._writer.template.description)

    def describe(self, format: str) -> str:
        """How records of this format are written, in words: plain text has no template."""
        return tr("plain text") if format == "text" else self.description

    def render(self, record: Record) -> tuple[Example, ...]:
        """The record's example; of a long plain text, and of a conversation with rewritten answers, several.

        Raises ExampleError when it gives none.
        """
        (result,) = self.render_all([record])
        if isinstance(result, ExampleError):
            raise result
        return result

    def render_all(self, records: Sequence[Record]) -> list[tuple[Example, ...] | ExampleError]:
        """Each record's examples, or why it has none: much faster than one by one."""
        return finished(self.rendering_all(records))

    def rendering_all(
        self, records: Sequence[Record]
    ) -> Generator[None, None, list[tuple[Example, ...] | ExampleError]]:
        """`render_all`; yields while it waits for a template that runs in a process of its own."""
        yield from self.asking(records)
        written: list[list[tuple[Written, ...]] | ExampleError] = []
        for record in records:
            try:
                written.append(self._write(record))
            except ExampleError as error:
                written.append(error)
        made = [rows for rows in written if not isinstance(rows, ExampleError)]
        placed = iter(self._encoder.placed([side.text for rows in made for row in rows for side in row]))
        results: list[tuple[Example, ...] | ExampleError] = []
        for record, rows in zip(records, written, strict=True):
            if isinstance(rows, ExampleError):
                results.append(rows)
                continue
            marked = [self._mark(row, [next(placed) for _ in row]) for row in rows]
            try:
                results.append(self._examples(record, marked))
            except ExampleError as error:
                results.append(error)
        return results

    def render_text(self, text: str) -> tuple[Tokens, ...]:
        """Plain text, all of it trained, in as many parts as it needs: the same for every objective."""
        written = self._writer.plain(text)
        marked = mark(self._encoder.placed([written.text])[0], written, "all")
        return tuple(_tokens(marked, part) for part in windows(len(marked.ids), self.rendering.max_length))

    def prompt_ids(
        self, messages: Sequence[Message], tools: str = "", *, typed_as_text: bool = False
    ) -> list[int]:
        """The tokens to generate from: the conversation, and the beginning of the next answer.

        Control tokens that are typed in the conversation are tokens like the template's own, or with
        `typed_as_text` the text that they look like. Raises DataError when the template refuses the
        conversation.
        """
        if typed_as_text:
            mark = self._encoder.marked
            messages = [replace(m, content=mark(m.content), input=mark(m.input)) for m in messages]
        try:
            text = self._writer.template.prompt(messages, tools)
            return self._encoder.ids_apart(text) if typed_as_text else self._encoder.ids(text)
        except Refused as error:
            raise DataError("template.not_shown", reason=error.phrase) from error

    def prompt_text(self, messages: Sequence[Message], tools: str = "") -> str:
        """The text of which `prompt_ids` are the tokens. Raises DataError as it does."""
        try:
            return self._writer.template.prompt(messages, tools)
        except Refused as error:
            raise DataError("template.not_shown", reason=error.phrase) from error

    def text_ids(self, text: str, *, typed_as_text: bool = False) -> list[int]:
        """The tokens of a text as it stands, without a template, behind what begins every text."""
        if not typed_as_text:
            return self._encoder.begun(text)
        return [*self._encoder.begun(""), *self.piece_ids(text)]

    def piece_ids(self, text: str) -> list[int]:
        """The tokens of a piece of text that others stand before; control tokens in it are text."""
        return self._encoder.ids_apart(self._encoder.marked(text))

    def bare_ids(self, text: str) -> tuple[int, list[int]]:
        """The tokens of a text that nothing stands before, and that from which its first is predicted."""
        before = self._encoder.before
        return 0 if before is None else before, self._encoder.ids(text)

    def remark(self, prompts: Sequence[Sequence[int]], answer: int = 0) -> str:
        """What to say where prompts, or they with answers of so many tokens, are longer than the model's
        context; nothing where they fit. Raises DataError for a model that cannot read beyond it at all.
        """
        context, tokens = self.limits.context, max(map(len, prompts), default=0)
        if not context or tokens + answer <= context:
            return ""
        if self.limits.positions:
            raise DataError("model.positions", tokens=tokens, answer=answer, context=context)
        many = sum(len(prompt) > context for prompt in prompts)
        if many > 1:
            return sentence(phrase("model.prompts_beyond", prompts=many, tokens=tokens, context=context))
        if many:
            return sentence(phrase("model.prompt_beyond", tokens=tokens, context=context))
        return sentence(phrase("model.answer_beyond", tokens=tokens, answer=answer, context=context))

    @cached_property
    def stops(self) -> frozenset[int]:
        """The tokens that end an answer: the model's own, and the one that closes a turn in the template.

        They differ in base models such as Qwen3-0.6B-Base, whose end of text is not the <|im_end|> that its
        chat template writes, and so teaches, after each answer.
        """
        try:
            (written,) = self._writer.template.rows((Message("user", "?"), Message("assistant", "!")))
        except Refused:
            return self._ends
        encoding = self._encoder.encode([written.text])[0]
        trained = encoding.trained(written.spans)
        visible = [i for i, (a, b) in enumerate(encoding.offsets) if trained[i] and written.text[a:b].strip()]
        return self._ends | (self._encoder.special_ids & {encoding.ids[i] for i in visible[-1:]})

    @property
    def special_texts(self) -> tuple[str, ...]:
        """What this tokenizer reads as control tokens, as text."""
        return tuple(sorted(self._encoder.special_texts))

    def control_texts(self, record: Record) -> tuple[str, ...]:
        """Words of the example that this tokenizer reads as control tokens, such as </s> in HTML."""
        rejected = record.rejected if self.rendering.pairs else ""
        content = "\n".join((record.text, rejected, *(message.whole for message in record.messages)))
        return tuple(sorted(mark for mark in self._encoder.special_texts if mark in content))

    def pieces(self, record: Record) -> tuple[Piece, ...]:
        """Every token with its text; joined, the texts are the exact text rendered. Of a pair, the chosen;
        of several rows, one after the other.

        Raises ExampleError when the record gives no example.
        """
        return tuple(piece for row in self.piece_rows(record) for piece in row)

    def piece_rows(self, record: Record) -> tuple[tuple[Piece, ...], ...]:
        """The `pieces` of each row that trains; a long plain text counts as one. Raises ExampleError."""
        shown: list[tuple[Piece, ...]] = []
        left_out: list[TooLong] = []
        for row in self._write(record):
            encodings = self._encoder.encode([side.text for side in row])
            sides = self._mark(row, encodings)
            try:
                parts = self._parts(record, sides)
            except TooLong as error:
                left_out.append(error)
                continue
            texts = token_texts(row[0].text, encodings[0].offsets)
            shown.append(self._pieces(sides[0], parts[:1] if record.messages else parts, texts))
        if not shown:
            raise left_out[-1]
        return tuple(shown)

    def _pieces(self, side: Marked, parts: Sequence[TokenRange], texts: Sequence[str]) -> tuple[Piece, ...]:
        trained: dict[int, bool] = {}
        for part in parts:
            places = part.of(range(len(side.ids)))
            for place, target in zip(places, _tokens(side, part).trained, strict=True):
                trained[place] = trained.get(place, False) or target
        special = self._encoder.special_ids
        return tuple(
            Piece(token, text, trained.get(place, False), token in special, place not in trained)
            for place, (token, text) in enumerate(zip(side.ids, texts, strict=True))
        )

    def asking(self, records: Sequence[Record]) -> Generator[None]:
        """Have at hand what these records become as text; yields while it waits for it."""
        last, whole = self.rendering.train_on == "last_answer", not self.rendering.every_answer
        yield from self._writer.asking(records, last=last, whole=whole)

    def _write(self, record: Record) -> list[tuple[Written, ...]]:
        last, whole = self.rendering.train_on == "last_answer", not self.rendering.every_answer
        try:
            return self._writer.write(record, last=last, whole=whole)
        except Refused as error:
            raise ExampleError(record.line, error.phrase) from error

    def _mark(self, written: Sequence[Written], placed: Sequence[PlacedTokens]) -> tuple[Marked, ...]:
        train_on = "last_answer" if self.rendering.pairs else self.rendering.train_on
        sides = tuple(mark(p, w, train_on) for p, w in zip(placed, written, strict=True))
        return align(*sides) if len(sides) == 2 else sides

    def _parts(self, record: Record, sides: Sequence[Marked]) -> list[TokenRange]:
        """One part for each side; of a plain text, one for each window."""
        first, asked = sides[0], self.rendering
        if not record.messages:
            return windows(len(first.ids), asked.max_length)
        lead = int(bool(first.ids) and first.ids[0] in self._encoder.special_ids)
        lengths = [len(side.ids) for side in sides]
        if not first.prompt:
            raise ExampleError(record.line, phrase("row.no_prompt"))
        try:
            return shorten(lengths, first.prompt, lead, asked.max_length, asked.too_long)
        except DoesNotFit as error:
            raise TooLong(record.line, error.phrase, max(lengths)) from error

    def _examples(self, record: Record, rows: Sequence[Sequence[Marked]]) -> tuple[Example, ...]:
        """The examples of all rows that fit; raises ExampleError where none does."""
        examples: list[Example] = []
        left_out: list[TooLong] = []
        for sides in rows:
            try:
                examples += self._row(record, sides)
            except TooLong as error:
                left_out.append(error)
        if not examples:
            raise left_out[-1]
        if left_out:
            examples[0] = replace(examples[0], left_out=tuple(error.tokens for error in left_out))
        return tuple(examples)

    def _row(self, record: Record, sides: Sequence[Marked]) -> tuple[Example, ...]:
        parts = self._parts(record, sides)
        if not record.messages:
            examples = tuple(Example(record, _tokens(sides[0], part)) for part in parts)
        else:
            kept = [_kept(side, part) for side, part in zip(sides, parts, strict=True)]
            if len(kept) == 2 and kept[0].ids == kept[1].ids:
                raise ExampleError(record.line, phrase("row.same_tokens"))
            rejected = kept[1] if len(kept) == 2 else None
            trains = all(True in tokens.trained for tokens in kept)
            examples = (Example(record, kept[0], rejected),) if trains else ()
        if not examples:
            raise ExampleError(record.line, phrase("row.nothing_to_train"))
        return examples


def _tokens(marked: Marked, part: TokenRange) -> Tokens:
    """The part's tokens; its first is not a target."""
    trained = part.of(marked.trained)
    return Tokens(part.of(marked.ids), (False, *trained[1:]) if trained and trained[0] else trained)


def _kept(side: Marked, part: TokenRange) -> Tokens:
    """The part's tokens, and how many of the side's are not among them."""
    tokens = _tokens(side, part)
    cut = len(side.ids) - len(tokens.ids)
    return replace(tokens, cut=cut) if cut else tokens
