"""Every fact a job can announce: frozen, plain Python values, JSON in and out.

Events cross threads, are appended to a run's `events.jsonl`, and may cross processes; so they hold
numbers, strings, booleans and tuples of those, never arrays, models or widgets.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Event:
    """The base of all events; `kind` is the name under which a subclass is written to JSON."""

    kind: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.kind = cls.__name__
        Event.kinds[cls.kind] = cls


@dataclass(frozen=True)
class Log(Event):
    """A line for the log that a person reads."""

    text: str
    level: str = "info"  # info | warning


@dataclass(frozen=True)
class Progress(Event):
    """How far a job has come: `done` of `total` (None when the total is unknown) of `what`."""

    what: str
    done: int
    total: int | None = None


@dataclass(frozen=True)
class Ended(Event):
    """The last event of a run: `outcome` is done, stopped or failed; `summary` a sentence."""

    outcome: str
    summary: str = ""


@dataclass(frozen=True)
class RunOpened(Event):
    """A run folder exists and is held by this job: its name, and where it is."""

    run: str
    folder: str


@dataclass(frozen=True)
class SweepProgress(Event):
    """A sweep has come to one of its members: the `index`-th of `count`, counted from 1.

    `changes` says in words what sets it apart. `state` is starts, goes on, done (in an earlier sitting) or
    failed (and the sweep goes on without it).
    """

    sweep: str
    index: int
    count: int
    member: str
    changes: str
    state: str


@dataclass(frozen=True)
class Prepared(Event):
    """What is about to train: sizes of the model, of the data, and the length of the run."""

    model: str
    trainable_parameters: int
    total_parameters: int
    train_examples: int
    validation_examples: int
    test_examples: int
    steps: int
    learning_rate: float
    first_step: int = 1
    skipped_examples: int = 0
    cut_examples: int = 0
    shapes: int = 0  # how many different shapes of arrays a step can have
    prefix_bytes: int = 0  # what the prefix cache keeps


@dataclass(frozen=True)
class Step(Event):
    """One optimizer step. Memory in bytes; `tokens` counts what was read in this step, without padding.

    `loss` is the mean per trained token, `seconds` the time spent on the run so far, over all sittings.
    """

    step: int
    steps: int
    epoch: float
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens: int
    tokens_per_second: float
    memory_active: int
    memory_peak: int
    memory_process: int
    seconds: float
    seconds_left: float


@dataclass(frozen=True)
class Validated(Event):
    """Mean loss per trained token on the validation split after `step`."""

    step: int
    loss: float
    perplexity: float
    tokens: int
    best: bool


@dataclass(frozen=True)
class Skipped(Event):
    """An update that was not made, because its loss or gradient was not a finite number.

    `in_a_row` counts such steps up to and with this one.
    """

    step: int
    reason: str
    in_a_row: int


@dataclass(frozen=True)
class Rewards(Event):
    """What preference training does to pairs, in one step or over the validation split.

    A reward is beta * (log p - log p of the reference) of an answer (ORPO: beta * mean log p of its
    tokens); `accuracy` is the share of pairs whose chosen answer has the higher one.
    """

    step: int
    part: str  # train | validation
    chosen: float
    rejected: float
    margin: float
    accuracy: float
    pairs: int


@dataclass(frozen=True)
class Probed(Event):
    """Mean loss per token on general text after `step`: where it rises, the model forgets."""

    step: int
    loss: float
    tokens: int


@dataclass(frozen=True)
class Sampled(Event):
    """The model's answer to one of the chosen prompts after `step`."""

    step: int
    prompt: str
    answer: str


@dataclass(frozen=True)
class Advice(Event):
    """What the curves of a run say, in a sentence with its evidence, and what to do about it.

    `name` is overfitting, underfitting, forgetting, repetition, divergence, rate too high or rate too low.
    """

    step: int
    name: str
    evidence: str
    remedy: str


@dataclass(frozen=True)
class Forecasted(Event):
    """What a run will take, in bytes and seconds, before it starts.

    `peak` is the most that MLX will hold; `limit` what this machine gives; `measured` whether a probe step
    has sharpened the formula; `seconds_per_epoch` is 0 where nothing is known yet. `changes` are the
    smallest changes that would make it fit, as sentences.
    """

    model: str
    trainable_parameters: int
    total_parameters: int
    weights: int
    adapters: int  # what is trained, its gradient, and copies in the precision of the step
    optimizer: int
    activations: int
    head: int
    peak: int
    limit: int
    fits: bool
    measured: bool
    seconds_per_epoch: float
    steps_per_epoch: float
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Saved(Event):
    """A checkpoint is complete on disk; `folder` is relative to the run folder."""

    step: int
    folder: str
    best: bool = False


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a dataset: where (line from 1, 0 for the whole file), what, and how bad.

    `severity` is "error" (the row cannot train) or "warning" (it trains, but look at it). `file` is named
    where the dataset has several; `column` is the character in the line, from 1, where it is known.
    """

    line: int
    reason: str
    severity: str = "error"
    file: str = ""
    column: int = 0


@dataclass(frozen=True)
class FilePlace:
    """One file of a dataset of several: its lines are counted on from `before`.

    `part` is train, validation or test where its name says so, else empty.
    """

    name: str
    before: int = 0
    part: str = ""


@dataclass(frozen=True)
class ExampleRow:
    """One usable example as a table shows it. `tokens` and `trained` count tokens after rendering."""

    line: int
    prompt: str
    answer: str
    tokens: int
    trained: int
    split: str  # train | validation | test
    cut: int = 0  # tokens beyond the maximum length
    warning: str = ""
    turns: int = 0  # messages without the system's; 0 for plain text


@dataclass(frozen=True)
class Scanned(Event):
    """How far the scan of a big file has come: rows that can be read now, by state, and bytes of the file."""

    rows: int
    good: int
    warnings: int
    bad: int
    bytes: int
    total_bytes: int
    folder: str  # of the index
    finished: bool = False

    @property
    def expected_rows(self) -> int:
        """How many rows the whole file has: a guess from those so far until the scan is finished."""
        if self.finished or not self.bytes:
            return self.rows
        return max(self.rows, round(self.rows * self.total_bytes / self.bytes))


@dataclass(frozen=True)
class RowsFound(Event):
    """Which rows of a big file pass a filter or a search, in their order: a file of row numbers (.npy)."""

    file: str
    rows: int


@dataclass(frozen=True)
class RowShown(Event):
    """One row of a big file, whole: its fields by name and text, or the reason why it has none."""

    number: int
    line: int
    names: tuple[str, ...]
    texts: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True)
class DatasetRead(Event):
    """A whole dataset, read, checked, rendered for a model and split."""

    path: str
    name: str
    format: str  # instruction | chat | prompt/completion | text | preference | classification
    template: str  # the template that renders it, in words
    model: str
    max_length: int
    rows: tuple[ExampleRow, ...]
    problems: tuple[Problem, ...]
    fingerprint: str
    left_out: tuple[int, ...] = ()  # the tokens of each row that is too long to train
    files: tuple[FilePlace, ...] = ()  # in order; one, unless the dataset is of several files


@dataclass(frozen=True)
class Evidence:
    """A short quote from a row that a check flags; quote[start:end] is what it means.

    `other` is the line of the row it is held against; below zero, counted in the golden set's file.
    """

    line: int
    other: int | None
    quote: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Finding:
    """What a check says of a dataset of `total` rows, of which it flags `count`.

    `severity` is good, look or bad. `lines` are the first 1,000 that are flagged, `evidence` quotes at most
    20. `fix` is drop (the flagged rows), mend (them), or empty where only a person can decide.
    """

    check: str
    title: str
    severity: str
    count: int
    total: int
    summary: str
    why: str
    lines: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    fix: str = ""


@dataclass(frozen=True)
class Checked(Event):
    """A whole dataset, looked over by every check, in their order."""

    path: str
    name: str
    rows: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Change:
    """What a fix does to one row, as text; `after` is empty where the row is removed."""

    line: int
    before: str
    after: str


@dataclass(frozen=True)
class FixPreviewed(Event):
    """The first rows that the fix of a check would mend or remove."""

    check: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class DatasetSaved(Event):
    """A dataset was saved as the folder `path`: its rows by part, `undivided` those that have none.

    `history` has a line for each step, `remarks` a sentence for what could not be done as asked.
    """

    path: str
    name: str
    fingerprint: str
    train: int
    validation: int
    test: int
    golden: int
    undivided: int
    history: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetExported(Event):
    """A dataset was written to these JSONL files; `remarks` say what was left out."""

    files: tuple[str, ...]
    rows: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetUploaded(Event):
    """A saved dataset is on the Hub, at this address."""

    address: str


@dataclass(frozen=True)
class ColumnShown:
    """A column as a person is asked about it: its name, the kind of its values, and the first ones."""

    name: str
    kind: str
    examples: str


@dataclass(frozen=True)
class ColumnsAsked(Event):
    """A file's columns make no format we know; `guess` is the recipe's `data.columns` that they suggest."""

    path: str
    columns: tuple[ColumnShown, ...]
    guess: str


@dataclass(frozen=True)
class Piece:
    """One token of a rendered example as text; joined, the pieces are the exact text trained on."""

    id: int
    text: str
    trained: bool
    special: bool
    cut: bool = False


@dataclass(frozen=True)
class Turn:
    """One message of an example as its author wrote it; a pair's worse answer has the role "rejected"."""

    role: str  # system | user | assistant | tool | rejected | text
    text: str


@dataclass(frozen=True)
class Rendered(Event):
    """One example, token by token, exactly as the loop trains on it."""

    path: str
    line: int
    pieces: tuple[Piece, ...]
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class MadeRow(Event):
    """One made row, which counts only once a person accepts it; `row` numbers it in its folder from 1.

    `state` is pending, accepted, edited or rejected; `passage` the text it was made from, if any; `time` UTC.
    """

    row: int
    prompt: str
    answer: str
    state: str
    maker: str
    model: str
    source: str
    passage: str
    time: str


@dataclass(frozen=True)
class Refusals:
    """How many drafts were refused for one reason."""

    reason: str
    count: int


@dataclass(frozen=True)
class MakingEnded(Event):
    """What came of making more, over all sittings: sources asked, rows kept, drafts refused by reason."""

    folder: str
    asked: int
    rows: int
    refused: tuple[Refusals, ...]


@dataclass(frozen=True)
class Downloaded(Event):
    """A part of a Hub dataset, whole on this disk; `revision` is the commit it was read at."""

    path: str
    name: str
    subset: str
    split: str
    revision: str
    rows: int


@dataclass(frozen=True)
class ModelCounted(Event):
    """What a model would train under a recipe, from its `config.json` alone."""

    model: str
    architecture: str
    total_parameters: int
    trainable_parameters: int
    weights_bytes: int
    learning_rate: float


@dataclass(frozen=True)
class AnswerPiece(Event):
    """A bit of streamed text for the column `who` ("base" or "tuned")."""

    who: str
    text: str


@dataclass(frozen=True)
class AnswerEnded(Event):
    """One column's answer is complete. `finish_reason` is stop, length or stopped."""

    who: str
    text: str
    prompt_tokens: int
    tokens: int
    tokens_per_second: float
    seconds_to_first: float
    finish_reason: str


@dataclass(frozen=True)
class GoldenAnswer(Event):
    """Both answers to one golden prompt, and whether each matches the ideal exactly."""

    index: int
    prompt: str
    ideal: str
    base: str
    tuned: str
    base_right: bool
    tuned_right: bool


ENOUGH = 6
"""Below this many items no difference is clear: five of five move the same way by chance 1 time in 16."""


@dataclass(frozen=True)
class Measure:
    """One measure, base against tuned; `low` and `high` bound the difference tuned - base at 95 %.

    `better` is "higher" or "lower": which direction is an improvement. `unit` is "share", "nats" or "ratio".
    """

    name: str
    base: float
    tuned: float
    low: float
    high: float
    better: str
    unit: str
    count: int

    @property
    def difference(self) -> float:
        return self.tuned - self.base

    @property
    def verdict(self) -> str:
        """better, worse, or unclear when the interval holds zero or there are fewer than ENOUGH items."""
        if self.low <= 0 <= self.high or self.count < ENOUGH:
            return "unclear"
        return "better" if (self.low > 0) == (self.better == "higher") else "worse"


@dataclass(frozen=True)
class Evaluated(Event):
    """The whole comparison of a run: the verdict in a sentence, the measures behind it, the time it took."""

    run: str
    golden: str
    headline: str
    verdict: str
    measures: tuple[Measure, ...]
    fixed: int
    broken: int
    both_right: int
    both_wrong: int
    seconds: float


def to_json(event: Event) -> str:
    """One line of JSON, without a newline, that `from_json` turns back into an equal event."""
    return json.dumps({"kind": event.kind, **dataclasses.asdict(event)}, ensure_ascii=False)


def _finding(lines: Sequence[int], evidence: Sequence[dict[str, Any]], **fields: Any) -> Finding:
    return Finding(lines=tuple(lines), evidence=tuple(Evidence(**item) for item in evidence), **fields)


_NESTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("DatasetRead", "rows"): ExampleRow,
    ("DatasetRead", "problems"): Problem,
    ("DatasetRead", "files"): FilePlace,
    ("ColumnsAsked", "columns"): ColumnShown,
    ("Checked", "findings"): _finding,
    ("Rendered", "pieces"): Piece,
    ("Rendered", "turns"): Turn,
    ("FixPreviewed", "changes"): Change,
    ("Evaluated", "measures"): Measure,
    ("MakingEnded", "refused"): Refusals,
}


def from_json(line: str) -> Event:
    """The event a line of JSON describes. Raises ValueError for a line that is not one of ours."""
    fields = json.loads(line)
    if not isinstance(fields, dict) or fields.get("kind") not in Event.kinds:
        raise ValueError(f"not an event: {line[:80]}")
    kind = fields.pop("kind")
    try:
        for name, value in fields.items():
            if nested := _NESTED.get((kind, name)):
                fields[name] = tuple(nested(**item) for item in value)
            elif isinstance(value, list):
                fields[name] = tuple(value)
        return Event.kinds[kind](**fields)
    except TypeError as error:
        raise ValueError(f"not a {kind} event: {error}") from error
