"""A file read, rendered and split once: what the pane shows is what the loop trains on."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from studio.data.read import Reading, reading
from studio.data.records import Record
from studio.data.render import ExampleError, Renderer, Tokens
from studio.data.rows import problem
from studio.data.split import split
from studio.errors import DataError
from studio.events import DatasetRead, ExampleRow, Problem, Progress, Rendered

type Example = tuple[Record, Tokens]

_CHUNK = 100


class Shares(Protocol):
    """What of a recipe's Data part decides the split."""

    @property
    def validation_share(self) -> float: ...
    @property
    def test_share(self) -> float: ...


@dataclass(frozen=True, eq=False)
class Dataset:
    """Every usable example of a file, rendered, in three parts; and what is wrong with the rest."""

    path: Path
    name: str
    format: str
    fingerprint: str
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    problems: tuple[Problem, ...]
    renderer: Renderer

    @classmethod
    def load(cls, path: Path, renderer: Renderer, data: Shares, seed: int) -> Dataset:
        """The dataset, whole. Raises DataError when there is nothing to train on."""
        steps = cls.loading(path, renderer, data, seed)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                dataset: Dataset = end.value
                return dataset

    @classmethod
    def loading(
        cls, path: Path, renderer: Renderer, data: Shares, seed: int
    ) -> Generator[Progress, None, Dataset]:
        """`load`, announcing its progress so that it can be stopped: `dataset = yield from ...`."""
        source = yield from reading(path)
        rendered, refused = yield from _render(source.records, renderer)
        problems = sorted((*source.problems, *refused), key=lambda item: item.line)
        if not rendered:
            raise DataError(_nothing(source, refused))
        parts = split([record for record, _ in rendered], data.validation_share, data.test_share, seed)
        tokens = {record.line: tokens for record, tokens in rendered}

        def part(records: Sequence[Record]) -> tuple[Example, ...]:
            return tuple((record, tokens[record.line]) for record in records)

        return cls(
            path=source.path,
            name=source.name,
            format=source.format,
            fingerprint=source.fingerprint,
            train=part(parts.train),
            validation=part(parts.validation),
            test=part(parts.test),
            problems=tuple(problems),
            renderer=renderer,
        )

    @property
    def skipped(self) -> int:
        """How many rows cannot train."""
        return sum(item.severity == "error" for item in self.problems)

    @property
    def cut(self) -> int:
        """How many examples are longer than the maximum length."""
        return sum(tokens.cut > 0 for part in (self.train, self.validation, self.test) for _, tokens in part)

    def read_event(self, model: str) -> DatasetRead:
        """The dataset as the window shows it."""
        warnings: dict[int, str] = {}
        for item in self.problems:
            if item.severity == "warning":
                warnings[item.line] = "; ".join(filter(None, (warnings.get(item.line), item.reason)))
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        rows = [
            _row(record, tokens, name, warnings.get(record.line, ""))
            for name, part in parts.items()
            for record, tokens in part
        ]
        return DatasetRead(
            path=str(self.path),
            name=self.name,
            format=self.format,
            template=self.renderer.describe(self.format),
            model=model,
            max_length=self.renderer.max_length,
            rows=tuple(sorted(rows, key=lambda row: row.line)),
            problems=self.problems,
            fingerprint=self.fingerprint,
        )

    def rendered(self, line: int) -> Rendered:
        """The example that starts on `line`, token by token. Raises DataError when there is none."""
        for part in (self.train, self.validation, self.test):
            for record, _ in part:
                if record.line == line:
                    return Rendered(str(self.path), line, self.renderer.pieces(record))
        raise DataError(f"Line {line} of {self.name} holds no usable example.")


def _row(record: Record, tokens: Tokens, part: str, warning: str) -> ExampleRow:
    return ExampleRow(
        line=record.line,
        prompt=record.prompt,
        answer=record.answer,
        tokens=len(tokens.ids),
        trained=tokens.targets,
        split=part,
        cut=tokens.cut,
        warning=warning,
    )


def _render(
    records: Sequence[Record], renderer: Renderer
) -> Generator[Progress, None, tuple[list[Example], list[Problem]]]:
    examples: list[Example] = []
    problems: list[Problem] = []
    for start in range(0, len(records), _CHUNK):
        chunk = records[start : start + _CHUNK]
        for record, tokens in zip(chunk, renderer.render_all(chunk), strict=True):
            if isinstance(tokens, ExampleError):
                problems.append(problem(record.line, tokens.reason))
            elif not tokens.targets:
                problems.append(problem(record.line, _untrained(tokens, renderer.max_length)))
            else:
                examples.append((record, tokens))
                problems.extend(_control(record, renderer))
        yield Progress("examples rendered", start + len(chunk), len(records))
    return examples, problems


def _control(record: Record, renderer: Renderer) -> list[Problem]:
    if marks := renderer.control_texts(record):
        words = f"contains {', '.join(marks)}, which this model reads as a control token, not as text"
        return [problem(record.line, words, "warning")]
    return []


def _untrained(tokens: Tokens, max_length: int) -> str:
    if tokens.cut:
        total = len(tokens.ids) + tokens.cut
        return (
            f"the prompt alone fills the maximum length of {max_length} tokens (the example has {total}), so "
            "nothing of the answer is left; raise the maximum length or shorten the prompt"
        )
    return "there is no token to train in it"


def _nothing(source: Reading, problems: Sequence[Problem]) -> str:
    first = problems[0]
    return (
        f"None of the {len(source.records)} examples in {source.name} can be trained on. "
        f"Line {first.line}: {first.reason}."
    )
