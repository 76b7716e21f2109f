"""Documents as paragraphs, each with the place it stands at: a page, a heading or a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from studio.dataset.documents.paragraph import Paragraph, document_text
from studio.errors import DataError

DOCUMENTS = (".txt", ".md", ".markdown", ".pdf", ".docx", ".html", ".htm")
_WORD_PROCESSORS = {".doc", ".rtf", ".odt", ".pages"}
_NO_DATASET = {".pdf", ".docx", ".html", ".htm"}


def are_documents(paths: Iterable[Path]) -> bool:
    """Whether these are files to make rows from: texts among them do not make them a dataset."""
    kinds = {path.suffix.lower() for path in paths}
    return bool(kinds & _NO_DATASET) and kinds <= set(DOCUMENTS)


def paragraphs(path: Path) -> Iterator[Paragraph]:
    """The document piece by piece. Raises DataError for one that cannot be read or shows no text."""
    _check(path)
    found = False
    try:
        for paragraph in _paragraphs(path):
            if text := paragraph.text.encode("utf-8", "replace").decode().replace("\0", ""):
                found = True
                yield replace(paragraph, text=text)
    except OSError as error:
        raise DataError("disk.unreadable", file=path.name, fault=error.strerror or error) from error
    if not found:
        if path.suffix.lower() == ".pdf":
            raise DataError("document.scanned", file=path.name)
        raise DataError("document.no_text", file=path.name)


def _check(path: Path) -> None:
    if not path.exists():
        raise DataError("file.missing", file=path)
    if not path.is_file():
        raise DataError("document.folder", folder=path)
    if path.suffix.lower() not in DOCUMENTS:
        raise _other_kind(path)


def _other_kind(path: Path) -> DataError:
    kinds = ", ".join(DOCUMENTS)
    if path.suffix.lower() in _WORD_PROCESSORS:
        return DataError("document.save_as_docx", file=path.name, kind=path.suffix)
    if path.suffix:
        return DataError("document.other_kind", file=path.name, kind=path.suffix, kinds=kinds)
    return DataError("document.no_extension", file=path.name, kinds=kinds)


def _paragraphs(path: Path) -> Iterator[Paragraph]:
    match path.suffix.lower():
        case ".pdf":
            from studio.dataset.documents.kinds import pdf_paragraphs

            return pdf_paragraphs(path)
        case ".docx":
            from studio.dataset.documents.kinds import word_paragraphs

            return word_paragraphs(path)
        case ".html" | ".htm":
            from studio.dataset.documents.kinds import html_paragraphs

            return html_paragraphs(path)
        case ".md" | ".markdown":
            return _markdown(document_text(path))
        case _:
            return _blocks(document_text(path))


def _blocks(text: str) -> Iterator[Paragraph]:
    for line, block in _numbered(text):
        yield Paragraph(" ".join(block.split()), f"line {line}")


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    """Blocks between blank lines with the line each begins on; a fenced block of code stays whole."""
    held: list[str] = []
    start, fenced = 1, False
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if line.strip() or fenced:
            start = start if held else number
            held.append(line)
        elif held:
            yield start, "\n".join(held)
            held = []
    if held:
        yield start, "\n".join(held)


def _markdown(text: str) -> Iterator[Paragraph]:
    text = re.sub(r"\A---\n.*?\n---\n", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    place = ""
    for line, block in _numbered(text):
        title, _, rest = block.partition("\n")
        if found := re.match(r"#{1,6}\s+(.*?)\s*#*$", title):
            place = f"“{found[1]}”"
            yield Paragraph(found[1], place, heading=True)
            block = rest
        code = block.lstrip().startswith(("```", "~~~", "|"))
        yield Paragraph(block if code else " ".join(block.split()), place or f"line {line}")
