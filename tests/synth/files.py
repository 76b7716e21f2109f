"""Real documents, made on the spot."""

from __future__ import annotations

from pathlib import Path


def write_pdf(path: Path, pages: list[list[str]]) -> Path:
    """A PDF with these lines on its pages, written by hand after the specification."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    kids = []
    for lines in pages:
        shown = "".join(f"({line}) Tj T*\n" for line in lines)
        content = f"BT /F1 10 Tf 14 TL 50 750 Td\n{shown}ET".encode("latin-1")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(len(objects))
    listed = " ".join(f"{kid} 0 R" for kid in kids).encode()
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (listed, len(kids))
    path.write_bytes(_with_table(objects))
    return path


def _with_table(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + trailer % (len(objects) + 1, start)


def encrypt_pdf(path: Path, to: Path, password: str) -> Path:
    """A copy of the PDF that asks for a password."""
    from pypdf import PdfWriter

    with PdfWriter(clone_from=path) as writer:
        writer.encrypt(password, algorithm="RC4-128")
        writer.write(to)
    return to


SUNDIAL = (
    "A sundial tells the time of day by the shadow that a fixed rod throws on a plate. The rod is called "
    "the gnomon, and it must point to the celestial pole. In the northern hemisphere the shadow moves "
    "clockwise, which is why the hands of clocks do the same."
)
KETTLE = (
    "A kettle whistles because steam is forced through two small plates in its spout. The first plate "
    "narrows the stream, and eddies behind the second one make the air vibrate. Water boils at a lower "
    "temperature on a mountain, so the tea there is weaker."
)
