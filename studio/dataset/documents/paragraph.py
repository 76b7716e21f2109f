"""A paragraph of a document, whatever kind of file it is from, and the text of files that hold just text."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Paragraph:
    """A paragraph's text and where it stands; `heading` is true for a title, which opens what follows."""

    text: str
    place: str
    heading: bool = False


def document_text(path: Path) -> str:
    """The file as text: UTF-8, UTF-16 with its mark, else Windows-1252; line ends are \\n."""
    raw = path.read_bytes()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = raw.decode("utf-16", "replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
