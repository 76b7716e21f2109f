"""What the self-test gives the app to read: rows of prose, and a page as PDF, Word and HTML."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from zipfile import ZipFile

SENTENCE = "The quick brown fox jumps over the lazy dog."
_FOREIGN = "Der alte Fischer ging jeden Morgen am Ufer entlang und suchte nach Muscheln für seine Enkel."
_PLACES = (
    *("harbour", "market", "library", "station", "bridge", "garden", "museum", "theatre", "castle", "river"),
    *("forest", "village", "mountain", "island", "valley", "school", "church", "factory", "hotel", "beach"),
)
_DOINGS = (
    "Yesterday the children walked past the {place} because their teacher wanted to show them the old clock.",
    "Most people who visit the {place} stay for an hour, talk to the keeper and buy something to drink.",
)
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def prose() -> Iterator[tuple[str, str]]:
    """Questions and answers in English, and one answer to a question in German."""
    for place in _PLACES:
        for number, doing in enumerate(_DOINGS):
            yield f"Tell me what happened around the {place} on day {number + 1}.", doing.format(place=place)
    yield "Erzähle mir bitte, was der alte Fischer an jedem Morgen am Ufer getan hat.", _FOREIGN


def html_page() -> bytes:
    """A web page that says the sentence."""
    return f"<html><body><h1>A page</h1><p>{SENTENCE}</p></body></html>".encode()


def word_document() -> bytes:
    """A Word document that says the sentence, of no more parts than it must have."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_MAIN}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_DOCUMENT}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>{SENTENCE}</w:t></w:r>'
        "</w:p></w:body></w:document>",
    }
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return file.getvalue()


def pdf_page() -> bytes:
    """A PDF of one page that says the sentence."""
    shown = f"BT /F1 12 Tf 72 720 Td ({SENTENCE}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(shown), shown),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    text, places = b"%PDF-1.4\n", [b"0000000000 65535 f \n"]
    for number, content in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(text))
        text += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    count = len(places)
    table = b"xref\n0 %d\n%btrailer\n<< /Size %d /Root 1 0 R >>\n" % (count, b"".join(places), count)
    return b"%b%bstartxref\n%d\n%%%%EOF\n" % (text, table, len(text))
