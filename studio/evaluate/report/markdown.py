"""A report as Markdown, its figures as files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from studio.evaluate.report.blocks import (
    Bullets,
    EvaluationReport,
    ExampleBlock,
    Picture,
    Prose,
    ReportBlock,
    Subtitle,
    TableBlock,
    Verbatim,
)

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!$&])")


def as_markdown(report: EvaluationReport, figures: str = "figures") -> str:
    """The text; figures are named as files of the folder `figures`."""
    lines = [f"# {plain_markdown(report.title)}", "", f"**{plain_markdown(report.headline)}**", ""]
    lines += [line for sentence in report.verdict for line in (plain_markdown(sentence), "")]
    for section in report.sections:
        lines += [f"## {plain_markdown(section.title)}", ""]
        lines += [line for block in section.blocks for line in (*_lines(block, figures), "")]
    lines.append(f"{report.made}, Tuning Studio")
    return "\n".join(lines).strip() + "\n"


def _lines(block: ReportBlock, figures: str) -> Iterable[str]:
    match block:
        case Prose(text):
            yield plain_markdown(text)
        case Subtitle(text):
            yield f"### {plain_markdown(text)}"
        case Bullets(texts):
            yield from (f"- {plain_markdown(text)}" for text in texts)
        case Verbatim(text):
            fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
            yield from (fence, *text.splitlines(), fence)
        case TableBlock(heads, rows, right):
            yield _row(heads)
            yield _row(["---:" if place in right else "---" for place in range(len(heads))], plain=False)
            yield from map(_row, rows)
        case Picture(name, title, _):
            yield f"![{plain_markdown(title)}]({figures}/{name}.svg)"
        case ExampleBlock(prompt, ideal, answers):
            yield f"- **{plain_markdown(prompt)}**"
            if ideal:
                yield f"  - ideal: {plain_markdown(ideal)}"
            yield from (
                f"  - {plain_markdown(who)}{f' ({mark})' if mark else ''}: {plain_markdown(text)}"
                for who, text, mark in answers
            )


def _row(cells: Iterable[str], *, plain: bool = True) -> str:
    return f"| {' | '.join(plain_markdown(cell) if plain else cell for cell in cells)} |"


def plain_markdown(text: str) -> str:
    """The text on one line, with nothing in it that Markdown or HTML would read."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
