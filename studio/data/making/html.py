"""The text of web pages, without what surrounds it: scripts, menus, footers and forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from lxml import html as pages

from studio.data.making.documents import Paragraph, document_text
from studio.errors import DataError

_LEFT_OUT = ("script", "style", "noscript", "template", "nav", "aside", "footer", "form", "svg", "title")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_OTHER_BLOCKS = (
    "address article blockquote body br dd div dl dt figcaption figure header hr li main ol p pre section "
    "table td th tr ul"
)
_BLOCKS = frozenset((*_HEADINGS, *_OTHER_BLOCKS.split()))


def html_paragraphs(path: Path) -> Iterator[Paragraph]:
    """Every block of text under its heading. Raises DataError where there is no page in the file."""
    try:
        page = pages.document_fromstring(document_text(path).encode(), pages.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError) as error:
        raise DataError(f"{path.name} is damaged and cannot be read as a web page ({error}).") from error
    etree.strip_tags(page, etree.Comment, etree.ProcessingInstruction)
    etree.strip_elements(page, *_LEFT_OUT, with_tail=False)
    place = ""
    for number, (tag, text) in enumerate(_blocks(page), 1):
        heading = tag in _HEADINGS
        place = f"“{text}”" if heading else place
        yield Paragraph(text, place or f"block {number}", heading)


def _blocks(page: etree._Element) -> Iterator[tuple[str, str]]:
    """Runs of text between the borders of blocks, each with the tag of the block it stands in."""
    held: list[str] = []
    block = ""
    for event, element in etree.iterwalk(page, events=("start", "end")):
        border = element.tag in _BLOCKS
        if border and (text := " ".join("".join(held).split())):
            yield block, text
        held = [] if border else held
        block = str(element.tag) if border and event == "start" else "" if border else block
        held.append((element.text if event == "start" else element.tail) or "")
