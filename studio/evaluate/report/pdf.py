"""A report as PDF, set by Typst from the same blocks and the same SVG figures."""

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
from studio.paths import resource

_HEAD = """\
#set page(paper: "a4", margin: (x: 20mm, y: 22mm), numbering: "1 / 1")
#set text(font: ("Inter",), size: 9.5pt, lang: "en")
#set par(leading: 0.62em)
#set table(stroke: (x: none, y: 0.4pt + luma(205)), inset: (x: 3pt, y: 4pt))
#show heading.where(level: 1): it => block(above: 1.6em, below: 0.7em, text(size: 13pt, weight: 600, it.body))
#show heading.where(level: 2): it => block(above: 1.2em, below: 0.6em, text(size: 10pt, weight: 600, it.body))
#show raw: set text(font: ("JetBrains Mono",), size: 8pt)
"""


def as_pdf(report: EvaluationReport) -> bytes:
    """The document. Nothing of what a model wrote is read as markup: it goes in as strings."""
    import typst

    fonts = typst.Fonts(font_paths=[str(resource("fonts"))])
    return bytes(typst.compile(source(report).encode(), font_paths=fonts, format="pdf"))


def source(report: EvaluationReport) -> str:
    """What Typst sets."""
    parts = [_HEAD, f"#set document(title: {_string(report.title)})"]
    parts.append(f"#text(fill: luma(90), {_string(report.title)})")
    parts.append(f"#v(-4pt)\n#text(size: 17pt, weight: 600, {_string(report.headline)})\n")
    parts += [f"#par({_string(sentence)})" for sentence in report.verdict]
    parts.append(f"#text(size: 8pt, fill: luma(90), {_string(f'{report.made} · Tuning Studio')})")
    for section in report.sections:
        parts.append(f"#heading(level: 1, {_string(section.title)})")
        parts += [part for block in section.blocks for part in _parts(block)]
    return "\n".join(parts)


def _parts(block: ReportBlock) -> Iterable[str]:
    match block:
        case Prose(text):
            yield f"#par({_string(text)})"
        case Subtitle(text):
            yield f"#heading(level: 2, {_string(text)})"
        case Bullets(texts):
            yield f"#list({', '.join(map(_string, texts))})"
        case Verbatim(text):
            yield f"#block(fill: luma(246), inset: 6pt, width: 100%, raw({_string(text)}, block: true))"
        case TableBlock():
            yield _table(block)
        case Picture(_, title, svg):
            caption = f"text(size: 8pt, fill: luma(90), {_string(title)})"
            size = "height: 215mm" if _is_tall(svg) else "width: 100%"
            picture = f'image(bytes({_string(svg)}), format: "svg", {size})'
            yield f"#block(breakable: false, above: 1em, {caption} + {picture})"
        case ExampleBlock():
            yield _example(block)


def _is_tall(svg: str) -> bool:
    """Whether a figure as wide as the page would be higher than it."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    return found is not None and float(found[2]) > 1.25 * float(found[1])


def _table(table: TableBlock) -> str:
    columns = len(table.heads)
    sides = ", ".join("right" if place in table.right else "left" for place in range(columns))
    widths = ", ".join("1fr" if place == 0 else "auto" for place in range(columns))
    head = [f"text(weight: 600, {_string(each)})" for each in table.heads]
    cells = [_string(cell) for row in table.rows for cell in row]
    first = [f"table.header({', '.join(head)})"] if any(table.heads) else []
    inner = ",\n  ".join((f"columns: ({widths})", f"align: ({sides})", *first, *cells))
    return f"#text(size: 7.5pt, table(\n  {inner},\n))"


def _example(example: ExampleBlock) -> str:
    parts = [f"text(weight: 600, {_string(example.prompt)})"]
    parts += [f"text(fill: luma(90), {_string(example.ideal)})"] if example.ideal else []
    for who, text, mark in example.answers:
        name = f"{who} ({mark}): " if mark else f"{who}: "
        parts.append(f"text(size: 8pt, fill: luma(90), {_string(name)}) + {_string(text or ' ')}")
    body = " + linebreak() + ".join(parts)
    return f"#block(fill: luma(246), inset: 6pt, width: 100%, breakable: false, {body})"


def _string(text: str) -> str:
    """A string of Typst's, in which nothing is markup; what cannot be printed is shown as such."""
    kept = "".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text)
    escaped = kept.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
