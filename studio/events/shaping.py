"""What changing, saving, making more of and downloading a dataset announces."""

from __future__ import annotations

from dataclasses import dataclass

from studio.events.event import Event


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
class DatasetUploaded(Event, kind="DatasetUploaded"):
    """A saved dataset is on the Hub, at this address."""

    address: str


@dataclass(frozen=True)
class MadeRow(Event, kind="MadeRow"):
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
class MakingEnded(Event, kind="MakingEnded"):
    """What came of making more, over all sittings: sources asked, rows kept, drafts refused by reason."""

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
