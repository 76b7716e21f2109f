"""The text of PDF files, page by page."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from studio.data.making.documents import Paragraph
from studio.errors import DataError

_FAULTS = (
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
                raise DataError(f"{path.name} is protected by a password. Save a copy without one.")
            for number, page in enumerate(reader.pages, 1):
                for text in _split(page.extract_text()):
                    yield Paragraph(text, f"page {number}")
    except DependencyError as error:
        raise DataError(f"{path.name} is encrypted. Save a copy without protection.") from error
    except _FAULTS as error:
        raise DataError(f"{path.name} is damaged and cannot be read as a PDF ({error}).") from error


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
