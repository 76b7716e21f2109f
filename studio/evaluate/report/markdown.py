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
    lines = [f"# {_plain(report.title)}", "", f"**{_plain(report.headline)}**", ""]
    lines += [line for sentence in report.verdict for line in (_plain(sentence), "")]
    for section in report.sections:
        lines += [f"## {_plain(section.title)}", ""]
        lines += [line for block in section.blocks for line in (*_lines(block, figures), "")]
    lines.append(f"{report.made}, Tuning Studio")
    return "\n".join(lines).strip() + "\n"


def _lines(block: ReportBlock, figures: str) -> Iterable[str]:
    match block:
        case Prose(text):
            yield _plain(text)
        case Subtitle(text):
            yield f"### {_plain(text)}"
        case Bullets(texts):
            yield from (f"- {_plain(text)}" for text in texts)
        case Verbatim(text):
            fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
            yield from (fence, *text.splitlines(), fence)
        case TableBlock(heads, rows, right):
            yield _row(heads)
            yield _row(["---:" if place in right else "---" for place in range(len(heads))], plain=False)
            yield from map(_row, rows)
        case Picture(name, title, _):
            yield f"![{_plain(title)}]({figures}/{name}.svg)"
        case ExampleBlock(prompt, ideal, answers):
            yield f"- **{_plain(prompt)}**"
            if ideal:
                yield f"  - ideal: {_plain(ideal)}"
            yield from (
                f"  - {_plain(who)}{f' ({mark})' if mark else ''}: {_plain(text)}"
                for who, text, mark in answers
            )


def _row(cells: Iterable[str], *, plain: bool = True) -> str:
    return f"| {' | '.join(_plain(cell) if plain else cell for cell in cells)} |"


def _plain(text: str) -> str:
    """The text on one line, with nothing in it that Markdown or HTML would read."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
