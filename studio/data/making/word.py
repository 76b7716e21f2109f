"""The text of Word documents (.docx): paragraphs, headings and tables in their order."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile

from docx import Document
from docx.opc.exceptions import OpcError
from docx.table import Table
from lxml.etree import LxmlError

from studio.data.making.documents import Paragraph
from studio.errors import DataError

_FAULTS = (
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
            raise DataError(
                f"{path.name} is protected by a password or an old .doc. Save it as .docx without one."
            )
    try:
        yield from _paragraphs(path)
    except _FAULTS as error:
        raise DataError(f"{path.name} is damaged and cannot be read as a Word document ({error}).") from error


def _paragraphs(path: Path) -> Iterator[Paragraph]:
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
