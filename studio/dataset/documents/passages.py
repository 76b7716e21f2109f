"""Passages of a few hundred words, cut at the borders of paragraphs, each with the place it comes from."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.catalogue import Value, sentences
from studio.dataset.documents.paragraph import Paragraph
from studio.dataset.documents.paragraphs import paragraphs
from studio.errors import DataError
from studio.events import Log, Progress
from studio.language import tr

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


def words(text: str) -> list[str]:
    """The text's words in lower case; in Chinese, Japanese and Korean, its characters."""
    return _WORD.findall(text.lower())


def plain(text: str) -> str:
    """Equal for texts that differ only in case, spacing and punctuation."""
    return " ".join(words(text)) or " ".join(text.split())


SHORT, LONG = 200, 400
"""Words in a passage: from SHORT on it may end, beyond LONG it must. A document's last may be shorter."""

_REPORT_EVERY = 20


@dataclass(frozen=True)
class Passage:
    """A piece of a document, and where it stands there."""

    file: str
    place: str
    text: str

    @property
    def source(self) -> str:
        """The place in words."""
        return f"{self.file}, {self.place}"


def reading_passages(paths: Sequence[Path]) -> Generator[Progress | Log, None, tuple[Passage, ...]]:
    """The passages of all documents; one that cannot be read is said, and the others go on.

    Raises DataError when none can be read.
    """
    found: list[Passage] = []
    faults: list[Value] = []
    for path in paths:
        try:
            for passage in cut(path.name, paragraphs(path)):
                found.append(passage)
                if len(found) % _REPORT_EVERY == 1:
                    yield Progress(tr("passages read"), len(found))
        except DataError as error:
            faults.append(error.said)
            yield Log(str(error), "warning")
    if not found:
        if not faults:
            raise DataError("document.none_chosen")
        raise DataError("document.none_read", faults=sentences(faults))
    yield Progress(tr("passages read"), len(found), len(found))
    return tuple(found)


def cut(file: str, parts: Iterable[Paragraph]) -> Iterator[Passage]:
    """Paragraphs gathered into passages; a heading opens a new one where the last is long enough."""
    held: list[Paragraph] = []
    for part in _pieces(parts):
        count = sum(_count(each) for each in held)
        ends = count + _count(part) > LONG or count >= SHORT or (part.heading and count >= SHORT // 2)
        if held and ends and not all(each.heading for each in held):
            yield _passage(file, held)
            held = []
        held.append(part)
    if held:
        yield _passage(file, held)


def _pieces(parts: Iterable[Paragraph]) -> Iterator[Paragraph]:
    """Paragraphs of at most LONG words: longer ones are parted between sentences, else between words."""
    for part in parts:
        if _count(part) <= LONG:
            yield part
            continue
        held: list[str] = []
        for piece in _sentences(part.text):
            if held and len(words(" ".join([*held, piece]))) > LONG:
                yield Paragraph(" ".join(held), part.place)
                held = []
            held.append(piece)
        yield Paragraph(" ".join(held), part.place)


def _sentences(text: str) -> Iterator[str]:
    for sentence in re.split(r"(?<=[.!?…])\s+|(?<=[。！？])", text):  # noqa: RUF001
        pieces = sentence.split()
        if len(words(sentence)) <= LONG:
            yield sentence
        elif len(pieces) > 1:
            yield from (" ".join(pieces[i : i + SHORT]) for i in range(0, len(pieces), SHORT))
        else:
            yield from (sentence[i : i + LONG] for i in range(0, len(sentence), LONG))


def _count(part: Paragraph) -> int:
    return len(words(part.text))


def _passage(file: str, parts: Sequence[Paragraph]) -> Passage:
    first, last = parts[0].place, parts[-1].place
    if first == last or not first.startswith("page "):
        place = first
    else:
        place = tr(
            "pages {removeprefix} to {removeprefix2}",
            removeprefix=first.removeprefix("page "),
            removeprefix2=last.removeprefix("page "),
        )
    return Passage(file, place, "\n\n".join(part.text for part in parts))
