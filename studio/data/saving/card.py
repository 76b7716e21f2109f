"""The dataset card: `README.md` with the front matter that the Hub reads, statistics, and the history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from studio.data.saving.manifest import Manifest
from studio.data.saving.statistics import Statistics, labels_of
from studio.words import file_size, markdown, visible

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
