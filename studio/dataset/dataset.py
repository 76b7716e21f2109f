"""A file read, rendered and split once: what the pane shows is what the loop trains on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from math import ceil
from pathlib import Path
from typing import Protocol

from studio.catalogue import TOO_LONG, phrase
from studio.dataset.checks.check import Subject, golden_rows
from studio.dataset.examples import (
    RenderedRecord,
    RenderedRecords,
    announced,
    own_rows,
    pieces_of,
    render_records,
    row_of,
    turns_of,
)
from studio.dataset.groups import GROUPING
from studio.dataset.read.load import Reading, reading
from studio.dataset.read.mapping import Mapping
from studio.dataset.read.memory_check import RENDERED
from studio.dataset.record import Record, suits
from studio.dataset.render.render import Example, Renderer, Rendering
from studio.dataset.render.truncate import Limits
from studio.dataset.rows import LineMap, problem
from studio.dataset.split import GOLDEN, DatasetSplit, split, split_given
from studio.dataset.steps.prepared import PreparedRows, preparing
from studio.dataset.steps.result import remark_sentence
from studio.dataset.steps.steps import steps_in, steps_text
from studio.errors import DataError
from studio.events import DatasetRead, Problem, Progress, Rendered, finished
from studio.language import tr

_CHUNK = 100


class DataFields(Protocol):
    """What of a recipe's data fields decides which rows there are, and the split."""

    @property
    def columns(self) -> str: ...
    @property
    def history(self) -> str: ...
    @property
    def max_length(self) -> int: ...
    @property
    def validation_share(self) -> float: ...
    @property
    def test_share(self) -> float: ...


def source_of(path: Path, columns: str) -> Generator[Progress, None, Reading]:
    """What a file or a folder holds, its columns named as the recipe names them. Raises DataError."""
    return (yield from reading(path, Mapping.parse(columns) if columns else None, RENDERED))


@dataclass(frozen=True, eq=False)
class Dataset:
    """Every usable example of a file, rendered, in three parts; and what is wrong with the rest.

    A plain text longer than the maximum gives several examples in a row, all in the same part; so does a
    conversation, where answers have rows of their own. `left_out` has the tokens of each row that is left
    out for its length; records of which no row is left are among the `skipped`. `golden`
    rows are set aside: they are in none of the parts.
    """

    path: Path
    name: str
    format: str
    fingerprint: str
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    problems: tuple[Problem, ...]
    renderer: Renderer
    prepared: PreparedRows
    rendered_records: RenderedRecords
    left_out: tuple[int, ...] = ()
    places: LineMap = field(default_factory=LineMap)
    golden: int = 0

    @classmethod
    def load(cls, path: Path, renderer: Renderer, data: DataFields, seed: int) -> Dataset:
        """The dataset, whole. Raises DataError when there is nothing to train on."""
        return finished(cls.loading(path, renderer, data, seed))

    @classmethod
    def loading(
        cls, path: Path, renderer: Renderer, data: DataFields, seed: int, grouping: int = GROUPING
    ) -> Generator[Progress, None, Dataset]:
        """`load`, announcing its progress so that it can be stopped: `dataset = yield from ...`.

        `grouping` is how rows are kept together when they are divided, as an earlier run had it.
        """
        source = yield from source_of(path, data.columns)
        return (yield from cls.preparing(source, renderer, data, seed, grouping))

    @classmethod
    def preparing(
        cls,
        source: Reading,
        renderer: Renderer,
        data: DataFields,
        seed: int,
        grouping: int = GROUPING,
        known: AbstractMapping[int, RenderedRecord] | None = None,
    ) -> Generator[Progress, None, Dataset]:
        """The dataset that the steps make of what was read; `known` is what was rendered of it before."""
        prepared = yield from preparing(source, steps_in(data.history), data, seed, lambda: renderer)
        whole = prepared.rows
        rows = _without_golden(whole)
        _check_format(rows, renderer.rendering)
        rendered = yield from render_records(rows.records, renderer, known)
        if not rendered.examples:
            raise _nothing(rows, rendered.problems, rendered.left_out)
        problems = rendered.problems.copy()
        if told := own_rows(rendered.examples.values()):
            problems.append(problem(0, told, "warning"))
        problems.extend(_beyond_context(rendered.examples.values(), renderer.limits))
        parts = _divide(rows, rendered.examples, data, (seed, grouping))

        def part(records: Sequence[Record]) -> tuple[Example, ...]:
            return tuple(chain.from_iterable(rendered.examples[record.line] for record in records))

        return cls(
            path=rows.path,
            name=rows.name,
            format=rows.format,
            fingerprint=rows.fingerprint,
            train=part(parts.train),
            validation=part(parts.validation),
            test=part(parts.test),
            problems=_all_problems(rows, problems),
            renderer=renderer,
            prepared=prepared,
            rendered_records=rendered,
            left_out=tuple(rendered.left_out),
            places=rows.places,
            golden=len(whole.records) - len(rows.records),
        )

    @property
    def golden_records(self) -> tuple[Record, ...]:
        """The rows that are set aside."""
        rows = self.prepared.rows
        return tuple(record for record in rows.records if rows.given.get(record.line) == GOLDEN)

    @property
    def dropped(self) -> int:
        """How many of the file's rows are left out for their length."""
        return sum(item.severity == "error" and item.code in TOO_LONG for item in self.problems)

    def length_for(self, share: float) -> int:
        """The maximum length that would leave out none but the longest rows: this share of them stays."""
        kept = [_length(example) for example in chain(self.train, self.validation, self.test)]
        return _covering([*kept, *self.left_out], share)

    @property
    def skipped(self) -> int:
        """How many rows cannot train."""
        return sum(item.severity == "error" for item in self.problems)

    @property
    def cut(self) -> int:
        """How many examples lost tokens to the maximum length."""
        return sum(example.cut > 0 for example in chain(self.train, self.validation, self.test))

    def read_event(self, model: str) -> DatasetRead:
        """The dataset as the window shows it."""
        warnings: dict[int, list[Problem]] = defaultdict(list)
        for item in self.problems:
            if item.severity == "warning":
                warnings[item.line].append(item)
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        rows = [
            row_of(list(examples), name, warnings.get(line, ()))
            for name, part in parts.items()
            for line, examples in groupby(part, key=lambda example: example.record.line)
        ]
        order = {record.line: place for place, record in enumerate(self.prepared.rows.records)}
        return DatasetRead(
            path=str(self.path),
            name=self.name,
            format=self.format,
            template=self.renderer.describe(self.format),
            model=model,
            max_length=self.renderer.rendering.max_length,
            rows=tuple(sorted(rows, key=lambda row: order[row.line])),
            problems=self.problems,
            fingerprint=self.fingerprint,
            left_out=self.left_out,
            files=self.places.files,
            golden=self.golden,
            source=self.prepared.source,
            steps=steps_text(self.prepared.steps),
            counts=self.prepared.counts,
            remarks=tuple(map(remark_sentence, self.prepared.remarks)),
        )

    def rendered(self, line: int) -> Rendered:
        """The example that starts on `line`, token by token. Raises DataError when there is none."""
        return finished(self.rendering(line))

    def rendering(self, line: int) -> Generator[Progress, None, Rendered]:
        """`rendered`, announcing its progress so that it can be stopped."""
        for example in chain(self.train, self.validation, self.test):
            if example.record.line == line:
                steps = self.renderer.asking([example.record])
                yield from announced(steps, Progress(tr("Rendering an example"), 0))
                rows = self.renderer.piece_rows(example.record)
                pieces, counts = pieces_of(rows)
                return Rendered(str(self.path), line, pieces, turns_of(example.record), counts)
        raise DataError("dataset.no_example", line=line, name=self.name)

    def checked(self, golden: Sequence[Record] = ()) -> Subject:
        """Every usable row as the checks look at it, in the order of the file."""
        named = {record.question for record in golden}  # a saved dataset has them in a file, too
        own_golden = [record for record in self.golden_records if record.question not in named]
        records: dict[int, Record] = {}
        parts: dict[int, str] = {}
        tokens: dict[int, int] = {}
        cut: dict[int, int] = {}
        rows: Counter[int] = Counter()
        longest: dict[int, int] = {}
        for part in ("train", "validation", "test"):
            for example in getattr(self, part):
                line = example.record.line
                records[line], parts[line] = example.record, part
                tokens[line] = tokens.get(line, 0) + len(example.tokens.ids)
                sides = filter(None, (example.tokens, example.rejected))
                longest[line] = max(longest.get(line, 0), *(len(side.ids) for side in sides))
                rows[line] += bool(example.record.messages)
                if example.cut:
                    cut[line] = example.cut
        return Subject(
            records=tuple(records[line] for line in sorted(records)),
            parts=parts,
            tokens=tokens,
            cut=cut,
            rows={line: count for line, count in rows.items() if count > 1},
            longest=longest,
            context=self.renderer.limits.context,
            problems=self.problems,
            format=self.format,
            special=self.renderer.special_texts,
            max_length=self.renderer.rendering.max_length,
            golden=golden_rows((*golden, *own_golden)),
        )


def _beyond_context(examples: Iterable[Sequence[Example]], limits: Limits) -> Iterator[Problem]:
    """What to say of rows that are longer than the model's context. Raises DataError where it cannot read
    beyond it at all.
    """
    lengths = (max(len(e.tokens.ids), len(e.rejected.ids) if e.rejected else 0) for e in chain(*examples))
    beyond = [length for length in lengths if length > limits.context] if limits.context else []
    if not beyond:
        return
    rows, longest = len(beyond), max(beyond)
    if limits.positions:
        raise DataError("dataset.beyond_positions", rows=rows, context=limits.context, longest=longest)
    told = phrase("file.beyond_context", rows=rows, context=limits.context, longest=longest)
    yield problem(0, told, "warning")


def _length(example: Example) -> int:
    """The tokens that the example needs whole; of a pair the longer side's."""
    sides = (example.tokens, *([example.rejected] if example.rejected else []))
    return max(len(side.ids) + side.cut for side in sides)


def _covering(lengths: Sequence[int], share: float) -> int:
    """The least length that covers this share of them."""
    return sorted(lengths)[ceil(share * len(lengths)) - 1]


def _without_golden(source: Reading) -> Reading:
    """The reading without the rows that were reserved to be asked, and never train."""
    golden = {line for line, part in source.given.items() if part == GOLDEN}
    kept = tuple(record for record in source.records if record.line not in golden)
    if not kept:
        raise DataError("dataset.all_golden", name=source.name)
    return replace(source, records=kept) if golden else source


def _all_problems(source: Reading, rendering: Sequence[Problem]) -> tuple[Problem, ...]:
    """Those of reading and those of rendering, by line; among several files with the name of theirs."""
    if source.places.several:
        rendering = [
            replace(item, file=source.places.place(item.line)[0]) if item.line else item for item in rendering
        ]
    return tuple(sorted((*source.problems, *rendering), key=lambda item: item.line))


def _divide(
    source: Reading, usable: Collection[int], data: DataFields, drawn: tuple[int, int]
) -> DatasetSplit:
    """The records whose line is usable, in their parts; those that a file was given as stay what they are.

    Divided is what was read, not what is usable: so neither objective nor template nor maximum length
    decides which examples are held out, and runs that differ in them can be compared. Only where that would
    empty a part, the usable records are divided.
    """
    records, given = source.records, source.given
    whole = _shared(records, given, data, drawn)
    parts = (whole.train, whole.validation, whole.test)
    kept = [tuple(record for record in part if record.line in usable) for part in parts]
    if all(left or not part for left, part in zip(kept, parts, strict=True)):
        return DatasetSplit(*kept)
    return _shared([r for r in records if r.line in usable], given, data, drawn)


def _shared(
    records: Sequence[Record], given: AbstractMapping[int, str], data: DataFields, drawn: tuple[int, int]
) -> DatasetSplit:
    """Divided by the shares; `drawn` is the seed, and how rows are kept together."""
    seed, grouping = drawn
    if given:
        return split_given(records, given, data.validation_share, data.test_share, seed, grouping=grouping)
    return split(records, data.validation_share, data.test_share, seed, grouping=grouping)


def _check_format(source: Reading, rendering: Rendering) -> None:
    """Raise DataError when the objective has no use for the file's format."""
    if suits(rendering.objective, source.format):
        return
    if rendering.pairs:
        objective = rendering.objective
        raise DataError("dataset.no_pairs", name=source.name, format=source.format, objective=objective)
    raise DataError("dataset.no_text", name=source.name, format=source.format)


def _nothing(source: Reading, problems: Sequence[Problem], left_out: Sequence[int]) -> DataError:
    """Why nothing can be trained on: what is wrong with the first row, and how long they may have to be."""
    first = next(item for item in problems if item.severity == "error")
    where, rows = source.places.spoken(first.line), len(source.records)
    remedy = phrase("dataset.longer", length=_covering(left_out, 0.95)) if left_out else ""
    return DataError(
        "dataset.unusable", rows=rows, name=source.name, place=where, reason=first.what, remedy=remedy
    )
