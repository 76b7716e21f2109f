"""Documents of five kinds as passages, each with the place that it comes from."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from pypdf import PdfWriter

from studio.catalogue import phrase
from studio.dataset.documents.paragraph import Paragraph
from studio.dataset.documents.paragraphs import paragraphs
from studio.dataset.documents.passages import LONG, Passage, cut, reading_passages, words
from studio.errors import DataError
from studio.events import Event, Log, Progress
from tests.conftest import finish, refused
from tests.synth.files import KETTLE, SUNDIAL, encrypt_pdf, write_pdf


def places(path: Path) -> list[tuple[str, str]]:
    return [(part.place, part.text) for part in paragraphs(path)]


def test_a_markdown_paragraph_stands_under_its_heading(tmp_path: Path) -> None:
    path = tmp_path / "guide.md"
    path.write_text(
        "---\ntitle: x\n---\n\nBefore.\n\n# Clocks #\nOne\ntwo.\n\n```\na\n\nb\n```\n\n#No heading\n"
    )
    assert places(path) == [
        ("line 5", "Before."),
        ("“Clocks”", "Clocks"),
        ("“Clocks”", "One two."),
        ("“Clocks”", "```\na\n\nb\n```"),
        ("“Clocks”", "#No heading"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes("Grüße\r\naus Köln\r\n\r\nZwei\r\n".encode(encoding))
    assert places(path) == [("line 1", "Grüße aus Köln"), ("line 4", "Zwei")]


def test_a_page_of_a_pdf_gives_its_paragraphs_and_its_number(tmp_path: Path) -> None:
    page = ["The gnomon must point to the celes-", "tial pole, and stay there.", "Next."]
    path = write_pdf(tmp_path / "dial.pdf", [page, ["Second page."]])
    assert places(path) == [
        ("page 1", "The gnomon must point to the celestial pole, and stay there."),
        ("page 1", "Next."),
        ("page 2", "Second page."),
    ]


def test_a_word_document_gives_headings_and_tables(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Before.")
    document.add_heading("Tea", 1)
    document.add_paragraph("Let it draw.")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "green", "80 °C"
    document.save(str(tmp_path / "tea.docx"))
    assert places(tmp_path / "tea.docx") == [
        ("paragraph 1", "Before."),
        ("“Tea”", "Tea"),
        ("“Tea”", "Let it draw."),
        ("“Tea”", "green | 80 °C"),
    ]


def test_a_web_page_gives_its_text_without_what_surrounds_it(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        "<!doctype html><title>t</title><script>alert(1)</script><nav>Home</nav><main><h1>Müsli</h1>"
        "<p>Oats <b>and</b>\n nuts<!-- no -->.</p><div>Loose <p>Inner</p> tail</div><ul><li>a<li>b</ul>"
        "</main><footer>© us</footer>",
        encoding="utf-8",
    )
    expected = ["Müsli", "Oats and nuts.", "Loose", "Inner", "tail", "a", "b"]
    assert places(path) == [("“Müsli”", text) for text in expected]


def bad_files(folder: Path) -> dict[str, Path]:
    files = {
        name: folder / name for name in ("a.pdf", "b.pdf", "c.docx", "d.docx", "e.html", "f.txt", "g.rtf")
    }
    whole = write_pdf(folder / "whole.pdf", [["Hello there."]])
    encrypt_pdf(whole, files["a.pdf"], "secret")
    files["b.pdf"].write_bytes(whole.read_bytes()[:60])
    files["c.docx"].write_bytes(b"PK\x03\x04 not a zip")
    files["d.docx"].write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    files["e.html"].write_bytes(b"")
    files["f.txt"].write_bytes(b" \n\n ")
    files["g.rtf"].write_bytes(b"{\\rtf1 Hi}")
    files["scan.pdf"] = folder / "scan.pdf"
    with PdfWriter() as writer:
        writer.add_blank_page(200, 200)
        writer.write(files["scan.pdf"])
    return {**files, "gone.md": folder / "gone.md"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.pdf", "document.password"),
        ("b.pdf", "document.no_pdf"),
        ("c.docx", "document.no_word"),
        ("d.docx", "document.protected"),
        ("e.html", "document.no_page"),
        ("f.txt", "document.no_text"),
        ("g.rtf", "document.save_as_docx"),
        ("scan.pdf", "document.scanned"),
        ("gone.md", "file.missing"),
    ],
)
def test_a_document_that_cannot_be_read_says_why(tmp_path: Path, name: str, code: str) -> None:
    path = bad_files(tmp_path)[name]
    with refused(code, DataError, file=str(path) if code == "file.missing" else name):
        list(paragraphs(path))


def test_a_pdf_cut_anywhere_gives_text_or_a_sentence(tmp_path: Path) -> None:
    whole = write_pdf(tmp_path / "whole.pdf", [["Hello there."], ["And again."]]).read_bytes()
    path = tmp_path / "cut.pdf"
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length] + b"\xff" * 20 + whole[length + 20 :])
        try:
            assert list(paragraphs(path))
        except DataError as error:
            assert error.code in ("document.no_pdf", "document.scanned")  # noqa: PT017


def test_a_word_document_damaged_anywhere_gives_text_or_a_sentence(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Hello there.")
    document.save(str(tmp_path / "whole.docx"))
    whole = (tmp_path / "whole.docx").read_bytes()
    path, damaged = tmp_path / "damaged.docx", 0
    for place in range(0, len(whole), 499):
        path.write_bytes(whole[:place] + b"\xff" * 9 + whole[place + 9 :])
        try:
            assert list(paragraphs(path))
        except DataError as error:
            assert error.code == "document.no_word"  # noqa: PT017
            damaged += 1
    assert damaged


def test_passages_end_at_paragraphs_and_lose_no_word() -> None:
    parts = [
        Paragraph(f"{number} " + "word " * (30 + 13 * (number % 7)), f"line {number}") for number in range(60)
    ]
    found = list(cut("a.txt", parts))
    assert " ".join(p.text for p in found).split() == " ".join(p.text for p in parts).split()
    lengths = [len(words(passage.text)) for passage in found]
    assert all(200 <= length <= LONG for length in lengths[:-1])
    assert found[1].place == f"line {len(found[0].text.split(chr(10) + chr(10)))}"


def test_a_paragraph_longer_than_a_passage_is_parted_between_sentences() -> None:
    sentences = [f"Sentence {number} has six words." for number in range(150)]
    found = list(cut("a.txt", [Paragraph(" ".join(sentences), "page 1")]))
    assert len(found) > 1
    assert all(passage.text.endswith("words.") for passage in found)
    assert " ".join(passage.text for passage in found) == " ".join(sentences)
    endless = list(cut("b.txt", [Paragraph("字" * 1000, "line 1"), Paragraph("x" * 9000, "line 2")]))
    assert "".join(passage.text.replace("\n\n", "") for passage in endless) == "字" * 1000 + "x" * 9000


def test_a_heading_opens_a_passage_and_pages_are_named_together() -> None:
    long, title = Paragraph("word " * 120, "“One”"), Paragraph("Two", "“Two”", heading=True)
    after = Paragraph("more " * 20, "“Two”")
    assert [p.place for p in cut("a.md", [long, title, after])] == ["“One”", "“Two”"]
    pages = [Paragraph("word " * 90, f"page {number}") for number in (1, 2, 3)]
    assert [p.source for p in cut("a.pdf", pages)] == ["a.pdf, pages 1 to 3"]


def test_documents_that_cannot_be_read_are_said_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text(f"{SUNDIAL}\n\n{KETTLE}\n")
    said: list[Event] = []
    steps = reading_passages([tmp_path / "gone.pdf", tmp_path / "good.txt"])
    while True:
        try:
            said.append(next(steps))
        except StopIteration as end:
            found = end.value
            break
    assert found == (Passage("good.txt", "line 1", f"{SUNDIAL}\n\n{KETTLE}"),)
    assert [type(event) for event in said] == [Log, Progress, Progress]
    gone = phrase("file.missing", file=str(tmp_path / "gone.pdf"))
    with refused("document.none_read", DataError, faults=gone):
        finish(reading_passages([tmp_path / "gone.pdf"]))
