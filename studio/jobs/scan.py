"""Jobs for files too big to hold, and what looks at a model while it trains."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.dataset.rows import LineMap
from studio.errors import DataError
from studio.events import (
    DatasetExported,
    Event,
    Problem,
    Progress,
    RowsFound,
    RowShown,
    Sampled,
    Scanned,
    retold,
)
from studio.files import whole_file
from studio.language import tr
from studio.recipe.recipe import Recipe
from studio.words import printable, whole_characters

if TYPE_CHECKING:
    from studio.dataset.record import Record
    from studio.dataset.render.render import Renderer
    from studio.dataset.steps.result import Shaped, StepContext
    from studio.dataset.steps.steps import AnyStep
    from studio.dataset.store.reader import Numbers, Store
    from studio.train.prepare import Ready


def sampler(recipe: Recipe, ready: Ready) -> Callable[[Any, int], Iterator[Event]]:
    """Answers the recipe's prompts with the model as it stands, each with the likeliest tokens."""
    from studio.dataset.record import Message
    from studio.generate.batch import likeliest

    lines = whole_characters(recipe.watch.prompts).splitlines()
    prompts = [line.strip() for line in lines if line.strip()]
    rendered = [ready.renderer.prompt_ids([Message("user", prompt)]) for prompt in prompts]
    ready.renderer.remark(rendered, recipe.watch.sample_tokens)  # raises where the model could not read it

    def watch(model: Any, step: int) -> Iterator[Event]:
        found: dict[int, str] = {}
        model.eval()
        try:
            tokenizer, stops = ready.opened.tokenizer, ready.renderer.stops
            for answered in likeliest(model, tokenizer, rendered, recipe.watch.sample_tokens, stops):
                if answered:
                    found[answered[0]] = answered[1]
                yield Progress(tr("Answering samples"), len(found), len(prompts))
        finally:
            model.train()
        for index, prompt in enumerate(prompts):
            yield Sampled(step, prompt, found[index])

    return watch


@dataclass(frozen=True)
class Streamed:
    """A big source that was scanned, in the shape of `data.read.Reading`, without its records."""

    path: Path
    format: str
    store: Store
    places: LineMap = field(default_factory=LineMap)

    @cached_property
    def given(self) -> dict[int, str]:
        """The part that a saved dataset has each line in, as `data.read.Reading` has it."""
        ends = [file.before for file in self.places.files[1:]] + [self.store.rows]
        stretches = zip(self.places.files, ends, strict=True) if self.places.files else ()
        return {line: f.part for f, end in stretches if f.part for line in range(f.before + 1, end + 1)}

    @property
    def problems(self) -> Collection[Problem]:
        """What is wrong with its rows."""
        from studio.dataset.store.records import StoredProblems

        return StoredProblems(self.store)


def scanned(path: Path, cache: Path, columns: str = "") -> Generator[Event, None, Streamed]:
    """The source by its index, which is made where there is none. Raises DataError."""
    from studio.dataset.read.saved import places_of
    from studio.dataset.store.manifest import read_manifest
    from studio.dataset.store.reader import Store
    from studio.dataset.store.scan import scanning

    folder = yield from retold(scanning(path, cache, columns), _progress)
    manifest = read_manifest(folder)
    if manifest is None:
        raise DataError("dataset.index_gone", file=path.name)
    places = places_of(path) if path.is_dir() else LineMap()
    return Streamed(path, manifest.format, Store(path, folder), places)


def chosen(
    source: Streamed, steps: tuple[AnyStep, ...], context: StepContext
) -> Generator[Event, None, Shaped]:
    """What the steps leave: not held as far as the steps can be done to rows where they lie."""
    from studio.dataset.read.memory_check import check_rows
    from studio.dataset.steps.apply import apply
    from studio.dataset.store.records import StoredRecords, usable

    def check_memory(rows: int) -> None:
        check_rows(source.path, rows, source.store.rows)

    records = StoredRecords(source.store, source.format, usable(source.store))
    return (yield from apply(records, steps, source.given, replace(context, check_memory=check_memory)))


_REPORT_EVERY = 1000


@dataclass(frozen=True)
class ScanJob:
    """Check every row of a big file in a child process; what is checked can be looked at meanwhile."""

    path: Path
    cache: Path
    columns: str = ""  # as the recipe's data.columns

    @property
    def title(self) -> str:
        return tr("Checking a large file")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.store.scan import scanning

        yield from scanning(self.path, self.cache, self.columns)


@dataclass(frozen=True)
class MemoryChecked(Event, kind="RoomChecked"):
    """Why a file cannot be read whole; empty where it can. For the window only."""

    words: str


@dataclass(frozen=True)
class MemoryCheckJob:
    """Find out whether a file can be read whole: one that is packed is unpacked for that."""

    path: Path

    @property
    def title(self) -> str:
        return tr("Looking for room")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.read.memory_check import memory_words

        yield MemoryChecked(memory_words(self.path))


@dataclass(frozen=True)
class FindJob:
    """Find the rows of a scanned file that pass a filter and hold a text, in an order.

    Its fields are those of `data.store.find.Query`.
    """

    path: Path
    folder: Path
    query: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return tr("Searching a large file")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.store.reader import Query, Store, finding

        yield Progress(tr("rows searched"), 0)
        numbers = yield from finding(Store(self.path, self.folder), Query(**self.query))
        yield RowsFound(str(_keep(self.folder, numbers)), len(numbers))


@dataclass(frozen=True)
class RowRead(Event, kind="RowRead"):
    """The texts of a row that can be changed, by field. For the window only."""

    line: int
    texts: dict[str, str]


@dataclass(frozen=True)
class RowJob:
    """Read one row of a scanned file whole; as a recipe would train it, where one is given.

    Where `own` says what was changed by hand, the row is shown so, and its texts can be changed.
    """

    path: Path
    folder: Path
    number: int
    format: str = ""
    recipe: Recipe | None = None
    own: tuple[AnyStep, ...] | None = None

    @property
    def title(self) -> str:
        return tr("Reading a row")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.store.reader import Store

        store = Store(self.path, self.folder)
        row = store.fields(self.number)
        if isinstance(row, Problem):
            yield RowShown(self.number, row.line, ("",), (store.text(self.number),), row.reason)
            return
        texts = tuple(_text(value) for value in row.fields.values())
        shown = RowShown(self.number, row.line, tuple(row.fields), texts)
        if self.recipe is None:
            yield shown
            return
        record = store.record(row, self.format)
        if self.own is not None and not isinstance(record, Problem):
            record = _edited(record, self.own)
            yield RowRead(row.line, _texts(record))
        yield _rendered(shown, record, context.renderer(self.recipe))


@dataclass(frozen=True)
class BadRowsJob:
    """Write what is wrong with the rows of a scanned file that cannot train, as JSONL."""

    path: Path
    folder: Path
    out: Path

    @property
    def title(self) -> str:
        return tr("Writing the bad rows")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.rows import Row
        from studio.dataset.save.bad_rows import check_report
        from studio.dataset.save.target import check_sources
        from studio.dataset.store.reader import Store
        from studio.dataset.store.records import problems

        check_sources(self.out, [self.path])
        check_report(self.out)
        store, written = Store(self.path, self.folder), 0
        with whole_file(self.out) as file:
            for number, found in problems(store):
                if found.severity == "error":
                    row = store.fields(number)
                    shown = {
                        "file": self.path.name,
                        "line": found.line,
                        "column": found.column or None,
                        "code": found.code,
                        "reason": found.reason,
                        "row": row.fields if isinstance(row, Row) else store.text(number),
                    }
                    file.write(printable(json.dumps(shown, ensure_ascii=False, default=str)) + "\n")
                    written += 1
                    if written % _REPORT_EVERY == 1:
                        yield Progress(tr("bad rows written"), written)
        yield DatasetExported((str(self.out),), written)


def _texts(record: Record) -> dict[str, str]:
    """What of a row can be changed in a table, by field."""
    if record.text:
        return {"text": record.text}
    more = {"first_prompt": record.first_prompt, "rejected": record.rejected}
    kept = {field: text for field, text in more.items() if text}
    return {"prompt": record.prompt, "answer": record.answer, **kept}


def _edited(record: Record, own: tuple[AnyStep, ...]) -> Record:
    """The row as it was changed by hand, as far as it can be."""
    from studio.dataset.steps.edits import edited
    from studio.dataset.steps.steps import Edit

    for step in own:
        if isinstance(step, Edit) and step.line == record.line:
            with suppress(DataError):
                record = edited(record, step.field, step.value)
    return record


def _rendered(shown: RowShown, record: Record | Problem, renderer: Renderer) -> RowShown:
    """The row token by token, or why it has no tokens that train."""
    from studio.dataset.examples import pieces_of, turns_of
    from studio.dataset.render.render import ExampleError

    if isinstance(record, Problem):
        return replace(shown, reason=record.reason)
    try:
        tokens = [example.tokens for example in renderer.render(record)]
        pieces, rows = pieces_of(renderer.piece_rows(record))
    except ExampleError as error:
        return replace(shown, reason=str(error.why))
    count = sum(len(each.ids) for each in tokens)
    count -= 0 if record.messages else len(tokens) - 1  # windows of a text overlap by one
    trained = sum(each.targets for each in tokens)
    turns = turns_of(record)
    return replace(shown, pieces=pieces, turns=turns, tokens=count, trained=trained, rows=rows)


def _keep(folder: Path, numbers: Numbers) -> Path:
    """Write row numbers to a new file beside the index; older ones go, where they are mapped they stay."""
    import numpy as np

    older = list(folder.glob("found-*.npy"))
    path = folder / f"found-{os.getpid()}-{_next(older):06d}.npy"
    with path.open("wb") as file:
        np.save(file, numbers)
    for file_before in older:
        file_before.unlink(missing_ok=True)
    return path


def _next(older: list[Path]) -> int:
    return 1 + max((int(path.stem.rpartition("-")[2]) for path in older), default=0)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _progress(event: Event) -> Event:
    """What a scan has counted, as no more than how far it is."""
    if isinstance(event, Scanned):
        return Progress(tr("rows checked"), event.rows, event.expected_rows)
    return event
