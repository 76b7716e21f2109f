"""What reading, checking, changing, saving and generating datasets announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.catalogue import Phrase
from studio.events.event import Event


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a dataset: where (line from 1, 0 for the whole file), what, and how bad.

    What is told apart by `code`, which never changes, and never by `reason`, which is there to be read.
    `severity` is "error" (the row cannot train) or "warning" (it trains, but look at it). `file` is named
    where the dataset has several; `column` is the character in the line, from 1, where it is known.
    """

    line: int
    what: Phrase
    severity: str = "error"
    file: str = ""
    column: int = 0

    @property
    def code(self) -> str:
        """What is wrong, for programs: a code of the catalogue."""
        return self.what.code

    @property
    def reason(self) -> str:
        """What is wrong, for people: a clause."""
        return str(self.what)

    def plain(self) -> dict[str, Any]:
        """The problem as JSON shows it, with its code, its values and its reason."""
        place = {"severity": self.severity, "file": self.file, "column": self.column}
        return {"line": self.line, **self.what.plain(), "reason": self.reason, **place}


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
    codes: tuple[str, ...] = ()  # of what the warning says
    turns: int = 0  # messages without the system's; 0 for plain text
    rows: tuple[int, ...] = ()  # the tokens of each row that a conversation trains as, where they are several
    first_prompt: str = ""  # of a conversation whose last answer answers another turn
    rejected: str = ""  # the worse answer of a pair


@dataclass(frozen=True)
class StepRows:
    """What a step did, in words, and how many rows there were before it and after it."""

    words: str
    before: int
    after: int


@dataclass(frozen=True)
class DatasetRead(Event, kind="DatasetRead"):
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
    golden: int = 0  # rows that are set aside for the evaluation, and not among the rows
    source: str = ""  # the fingerprint of what was read, before the steps
    steps: str = ""  # that were done to it, as the recipe's data.history
    counts: tuple[StepRows, ...] = ()  # of each step, or of several by hand
    remarks: tuple[str, ...] = ()  # what of the steps could not be done as asked


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
class Rendered(Event, kind="Rendered"):
    """One example, token by token, exactly as the loop trains on it.

    `rows` are the numbers of pieces in each row that it trains as, where they are several.
    """

    path: str
    line: int
    pieces: tuple[Piece, ...]
    turns: tuple[Turn, ...] = ()
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class ColumnShown:
    """A column as a person is asked about it: its name, the kind of its values, and the first ones."""

    name: str
    kind: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class ColumnsAsked(Event, kind="ColumnsAsked"):
    """A person is to say what a dataset's columns are; `guess` is the `data.columns` that they suggest."""

    path: str
    columns: tuple[ColumnShown, ...]
    guess: str


@dataclass(frozen=True)
class ColumnsTried(Event, kind="ColumnsTried"):
    """How the first rows of a file read with its columns named so: the first that does, turn by turn.

    `read` of the first `rows` can be read; `line` is that of the shown one, and `reason` why the first that
    cannot be read cannot.
    """

    columns: str
    turns: tuple[Turn, ...]
    line: int
    read: int
    rows: int
    reason: str = ""


@dataclass(frozen=True)
class Scanned(Event, kind="Scanned"):
    """How far the scan of a big file has come: rows that can be read now, by state, and bytes of the file.

    `duplicates` of earlier rows are among the warnings, where they may have other faults, too.
    """

    rows: int
    good: int
    warnings: int
    bad: int
    bytes: int
    total_bytes: int
    folder: str  # of the index
    finished: bool = False
    duplicates: int = 0
    empty: int = 0  # of the bad rows, those whose prompt or answer is
    median: int = 0  # characters of a row that can train
    longest: int = 0
    format: str = ""

    @property
    def expected_rows(self) -> int:
        """How many rows the whole file has: a guess from those so far until the scan is finished."""
        if self.finished or not self.bytes:
            return self.rows
        return max(self.rows, round(self.rows * self.total_bytes / self.bytes))


@dataclass(frozen=True)
class RowsFound(Event, kind="RowsFound"):
    """Which rows of a big file pass a filter or a search, in their order: a file of row numbers (.npy)."""

    file: str
    rows: int


@dataclass(frozen=True)
class RowShown(Event, kind="RowShown"):
    """One row of a big file, whole: its fields by name and text, and token by token as it would train.

    `reason` says why it cannot train; `tokens` and `trained` count tokens after rendering.
    """

    number: int
    line: int
    names: tuple[str, ...]
    texts: tuple[str, ...]
    reason: str = ""
    pieces: tuple[Piece, ...] = ()
    turns: tuple[Turn, ...] = ()
    tokens: int = 0
    trained: int = 0
    rows: tuple[int, ...] = ()  # as in Rendered


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
class Checked(Event, kind="Checked"):
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
class FixPreviewed(Event, kind="FixPreviewed"):
    """The first rows that the fix of a check would mend or remove."""

    check: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class DatasetSaved(Event, kind="DatasetSaved"):
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
class DatasetExported(Event, kind="DatasetExported"):
    """A dataset was written to these JSONL files; `remarks` say what was left out."""

    files: tuple[str, ...]
    rows: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Uploaded(Event, kind="DatasetUploaded"):
    """A saved dataset, or what a run made, is on the Hub, at this address."""

    address: str


@dataclass(frozen=True)
class GeneratedRow(Event, kind="MadeRow"):
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
class SynthesisEnded(Event, kind="MakingEnded"):
    """What came of making more, over all sessions: sources asked, rows kept, drafts refused by reason."""

    folder: str
    asked: int
    rows: int
    refused: tuple[Refusals, ...]


@dataclass(frozen=True)
class Downloaded(Event, kind="Downloaded"):
    """A part of a Hub dataset, whole on this disk; `revision` is the commit it was read at."""

    path: str
    name: str
    subset: str
    split: str
    revision: str
    rows: int


@dataclass(frozen=True)
class HubSplit:
    """A split of a Hub dataset; its rows and bytes are 0 where the Hub does not say them."""

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class HubListed(Event, kind="HubListed"):
    """The subsets of a Hub dataset, and the splits of one of them."""

    name: str
    revision: str
    subsets: tuple[str, ...]
    subset: str
    splits: tuple[HubSplit, ...]


@dataclass(frozen=True)
class AccessWanted(Event, kind="AccessWanted"):
    """The Hub asks for a token that may read or write this; `page` is where to ask for access."""

    page: str
