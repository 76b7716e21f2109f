"""The dataset card: `README.md` with the front matter that the Hub reads, statistics, and the history."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from studio.dataset.manifest import Manifest
from studio.dataset.record import Record
from studio.words import file_size, markdown, visible

MOST_LABELS = 30
"""Beyond so many different answers they are no labels."""


class Statistics:
    """Grows with each row: 12 bytes a row, and the answers while there are few different ones."""

    def __init__(self) -> None:
        self.made = 0
        self._turns, self._prompts, self._answers = array("I"), array("I"), array("I")
        self.labels: Counter[str] | None = Counter()

    @property
    def rows(self) -> int:
        return len(self._turns)

    def add(self, record: Record) -> None:
        """Count one more row."""
        answer = record.answer
        self.made += bool(record.made)
        self._turns.append(len(record.messages))
        self._prompts.append(len(record.prompt))
        self._answers.append(len(answer))
        if self.labels is not None:
            self.labels[answer.strip()] += 1
            self.labels = self.labels if len(self.labels) <= MOST_LABELS else None

    @property
    def turns(self) -> float:
        """The median."""
        return float(np.median(self._turns))

    @property
    def prompts(self) -> tuple[float, int]:
        """The median and the longest, in characters."""
        return float(np.median(self._prompts)), max(self._prompts)

    @property
    def answers(self) -> tuple[float, int]:
        """The median and the longest, in characters."""
        return float(np.median(self._answers)), max(self._answers)


def labels_of(parts: list[Statistics]) -> Counter[str]:
    """How often each label occurs; empty where answers are no labels."""
    if any(part.labels is None for part in parts):
        return Counter()
    labels = sum((part.labels or Counter() for part in parts), Counter[str]())
    rows = sum(part.rows for part in parts)
    return labels if len(labels) <= MOST_LABELS and len(labels) * 2 <= rows else Counter()


_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(manifest: Manifest, parts: Mapping[str, Statistics]) -> str:
    """The whole text of the card."""
    return "\n".join((*_front(manifest), "", *_body(manifest, parts), ""))


def _front(manifest: Manifest) -> Iterator[str]:
    rows = sum(manifest.rows.values())
    yield "---"
    yield f"pretty_name: {json.dumps(visible(manifest.name), ensure_ascii=False)}"
    yield "tags:\n- tuning-studio"
    yield f"size_categories:\n- {next((name for most, name in _SIZES if rows < most), '1M<n<10M')}"
    yield "configs:\n- config_name: default\n  data_files:"
    for part in dict.fromkeys(file.part for file in manifest.files):
        yield f"  - split: {part or 'train'}\n    path:"
        yield from (f"    - {file.file}" for file in manifest.files if file.part == part)
    yield "---"


def _body(manifest: Manifest, parts: Mapping[str, Statistics]) -> Iterator[str]:
    total = sum(manifest.rows.values())
    yield f"# {markdown(manifest.name)}"
    content = markdown(manifest.fingerprint)
    yield f"\n{total:,} examples in {markdown(manifest.format)} format. Content: {content}."
    yield "\n## Parts\n"
    yield "| part | rows | turns (median) | prompt, characters (median, longest) | answer (median, longest) |"
    yield "|---|---:|---:|---:|---:|"
    yield from (_part(name, rows) for name, rows in parts.items())
    if made := sum(part.made for part in parts.values()):
        yield f"\n{made:,} of the rows were made by a model or a rule; their column `made` says how."
    yield from _labels(list(parts.values()))
    if manifest.sources:
        yield "\n## Where it comes from\n"
    for source in manifest.sources:
        yield f"- {markdown(source.name)}, {file_size(source.bytes)}, SHA-256 {markdown(source.sha256)}"
    yield "\n## What was done\n"
    yield from _history(manifest)
    if manifest.problems:
        yield "\n## What was wrong with the sources\n"
        yield from (f"- {count:,} times: {markdown(reason)}" for reason, count in manifest.problems.items())
    yield f"\nSaved by Tuning Studio {manifest.app_version} on {manifest.created[:10]}."


def _part(name: str, rows: Statistics) -> str:
    prompt, answer = (f"{median:,.0f}, {longest:,}" for median, longest in (rows.prompts, rows.answers))
    return f"| {markdown(name) or 'not divided'} | {rows.rows:,} | {rows.turns:g} | {prompt} | {answer} |"


def _labels(parts: list[Statistics]) -> Iterator[str]:
    if labels := labels_of(parts):
        yield "\n## Labels\n"
    for label, count in labels.most_common():
        yield f"- {markdown(' '.join(label.split())[:80])}: {count:,}"


def _history(manifest: Manifest) -> Iterator[str]:
    if not manifest.counts:
        yield "Nothing: the rows are as the source has them."
    for number, count in enumerate(manifest.counts, 1):
        if count.after == count.before:
            change = f"{count.after:,} rows"
        else:
            moved = count.after - count.before
            change = (
                f"{count.before:,} → {count.after:,} rows, {abs(moved):,} {'more' if moved > 0 else 'fewer'}"
            )
        yield f"{number}. {markdown(count.words)}: {change}."
    yield from (f"- {markdown(remark)}" for remark in manifest.remarks)
