"""The text of web pages, PDF and Word documents: what surrounds it left out, in its order."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile

from docx import Document
from docx.opc.exceptions import OpcError
from docx.table import Table
from lxml import etree
from lxml import html as pages
from lxml.etree import LxmlError
from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from studio.dataset.documents.paragraph import Paragraph, document_text
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
        raise DataError("document.no_page", file=path.name, fault=error) from error
    etree.strip_tags(page, etree.Comment, etree.ProcessingInstruction)
    etree.strip_elements(page, *_LEFT_OUT, with_tail=False)
    place = ""
    for number, (tag, text) in enumerate(_elements(page), 1):
        heading = tag in _HEADINGS
        place = f"“{text}”" if heading else place
        yield Paragraph(text, place or f"block {number}", heading)


def _elements(page: etree._Element) -> Iterator[tuple[str, str]]:
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


_PDF_FAULTS = (
    PyPdfError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)
"""What pypdf lets through when a file's structure is broken."""


def pdf_paragraphs(path: Path) -> Iterator[Paragraph]:
    """The paragraphs of every page. Raises DataError for an encrypted or damaged file."""
    try:
        with PdfReader(path) as reader:
            if reader.is_encrypted and not reader.decrypt(""):
                raise DataError("document.password", file=path.name)
            for number, page in enumerate(reader.pages, 1):
                for text in _split(page.extract_text()):
                    yield Paragraph(text, f"page {number}")
    except DependencyError as error:
        raise DataError("document.encrypted", file=path.name) from error
    except _PDF_FAULTS as error:
        raise DataError("document.no_pdf", file=path.name, fault=error) from error


def _split(text: str) -> Iterator[str]:
    """A page's paragraphs: blank lines part them, and lines that end a sentence well before the margin."""
    lines = [line.strip() for line in text.replace("\0", "").split("\n")]
    margin = 0.75 * max(map(len, lines), default=0)
    held: list[str] = []
    for line in lines:
        held.append(line)
        if not line or (len(line) < margin and line.endswith((".", "!", "?", ":"))):
            yield _joined(held)
            held = []
    yield _joined(held)


def _joined(lines: list[str]) -> str:
    return re.sub(r"(?<=[a-zà-ÿ])-\n(?=[a-zà-ÿ])", "", "\n".join(lines)).replace("\n", " ").strip()


_WORD_FAULTS = (
    OpcError,
    BadZipFile,
    LxmlError,
    zlib.error,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What python-docx and zipfile let through when a file's structure is broken."""


def word_paragraphs(path: Path) -> Iterator[Paragraph]:
    """Every paragraph under its heading. Raises DataError for a damaged or protected file."""
    with path.open("rb") as file:
        if file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            raise DataError("document.protected", file=path.name)
    try:
        yield from _word_paragraphs(path)
    except _WORD_FAULTS as error:
        raise DataError("document.no_word", file=path.name, fault=error) from error


def _word_paragraphs(path: Path) -> Iterator[Paragraph]:
    place, number = "", 0
    for item in Document(str(path)).iter_inner_content():
        number += 1
        if isinstance(item, Table):
            rows = (" | ".join(cell.text.strip() for cell in row.cells) for row in item.rows)
            yield Paragraph("\n".join(rows).strip(), place or f"paragraph {number}")
            continue
        text = " ".join(item.text.split())
        heading = bool(text) and (
            item.style is not None and str(item.style.name).startswith(("Heading", "Title"))
        )
        place = f"“{text}”" if heading else place
        yield Paragraph(text, place or f"paragraph {number}", heading)
