"""The dataset card: `README.md` with the front matter that the Hub reads, statistics, and the history."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from studio.data.records import Record
from studio.data.saving.manifest import Manifest
from studio.words import file_size

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LABELS = 30
"""Beyond so many different answers they are no labels."""


def card(manifest: Manifest, parts: dict[str, Sequence[Record]]) -> str:
    """The whole text of the card."""
    return "\n".join((*_front(manifest), "", *_body(manifest, parts), ""))


def _front(manifest: Manifest) -> Iterator[str]:
    rows = sum(manifest.rows.values())
    yield "---"
    yield f"pretty_name: {json.dumps(manifest.name, ensure_ascii=False)}"
    yield "tags:\n- tuning-studio"
    yield f"size_categories:\n- {next((name for most, name in _SIZES if rows < most), '1M<n<10M')}"
    yield "configs:\n- config_name: default\n  data_files:"
    for part in dict.fromkeys(file.part for file in manifest.files):
        yield f"  - split: {part or 'train'}\n    path:"
        yield from (f"    - {file.file}" for file in manifest.files if file.part == part)
    yield "---"


def _body(manifest: Manifest, parts: dict[str, Sequence[Record]]) -> Iterator[str]:
    total = sum(manifest.rows.values())
    yield f"# {manifest.name}"
    yield f"\n{total:,} examples in {manifest.format} format. Content: `{manifest.fingerprint}`."
    yield "\n## Parts\n"
    yield "| part | rows | turns (median) | prompt, characters (median, longest) | answer (median, longest) |"
    yield "|---|---:|---:|---:|---:|"
    yield from (_part(name, records) for name, records in parts.items())
    records = [record for part in parts.values() for record in part]
    if made := sum(bool(record.made) for record in records):
        yield f"\n{made:,} of the rows were made by a model or a rule; their column `made` says how."
    yield from _labels(records)
    if manifest.sources:
        yield "\n## Where it comes from\n"
    for source in manifest.sources:
        yield f"- `{source.name}`, {file_size(source.bytes)}, SHA-256 `{source.sha256}`"
    yield "\n## What was done\n"
    yield from _history(manifest)
    if manifest.problems:
        yield "\n## What was wrong with the sources\n"
        yield from (f"- {count:,} times: {reason}" for reason, count in manifest.problems.items())
    yield f"\nSaved by Tuning Studio {manifest.app_version} on {manifest.created[:10]}."


def _part(name: str, records: Sequence[Record]) -> str:
    turns = f"{median(len(r.messages) for r in records):g}"
    prompt, answer = (_lengths(map(len, texts)) for texts in (_prompts(records), _answers(records)))
    return f"| {name or 'not divided'} | {len(records):,} | {turns} | {prompt} | {answer} |"


def _prompts(records: Sequence[Record]) -> list[str]:
    return [record.prompt for record in records]


def _answers(records: Sequence[Record]) -> list[str]:
    return [record.answer for record in records]


def _lengths(lengths: Iterable[int]) -> str:
    known = list(lengths)
    return f"{median(known):,.0f}, {max(known):,}"


def _labels(records: Sequence[Record]) -> Iterator[str]:
    labels = Counter(record.answer.strip() for record in records)
    if len(labels) > _LABELS or len(labels) * 2 > len(records):
        return
    yield "\n## Labels\n"
    for label, count in labels.most_common():
        yield f"- {' '.join(label.split())[:80]}: {count:,}"


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
        yield f"{number}. {count.words}: {change}."
    yield from (f"- {remark}" for remark in manifest.remarks)
