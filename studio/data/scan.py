"""The dataset pane's two questions: what is in this file, and what exactly is trained of this row."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.data.dataset import Dataset
from studio.data.read import read
from studio.data.render import Renderer
from studio.errors import DataError
from studio.events import Event, Rendered


@dataclass(frozen=True)
class _Shares:
    validation_share: float
    test_share: float


def scan(
    path: Path,
    tokenizer: Any,
    model: str,
    template: str,
    max_length: int,
    validation_share: float,
    test_share: float,
    seed: int,
) -> Generator[Event, None, Dataset]:
    """Progress while reading and rendering, at last one DatasetRead; returns the Dataset for later clicks.

    Raises DataError when the file cannot be read or holds nothing to train on.
    """
    renderer = Renderer(tokenizer, template, max_length)
    dataset = yield from Dataset.loading(path, renderer, _Shares(validation_share, test_share), seed)
    yield dataset.read_event(model)
    return dataset


def rendered(path: Path, line: int, tokenizer: Any, template: str, max_length: int) -> Rendered:
    """One row token by token, without a Dataset at hand: reads the file anew."""
    for record in read(path).records:
        if record.line == line:
            return Rendered(str(path), line, Renderer(tokenizer, template, max_length).pieces(record))
    raise DataError(f"Line {line} of {path.name} holds no usable example.")
