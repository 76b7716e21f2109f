"""A file's bytes and text, whatever it is compressed with and however its text is encoded.

The encoding is known by a byte order mark, by trying, and as a last resort by guessing.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import shutil
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from studio.catalogue import phrase
from studio.dataset.rows import problem
from studio.errors import DataError
from studio.events import Problem

_BLOCK = 2**20
_HEAD = 4096
_SAMPLE = 2**14
_ASCII, _BEYOND = bytes(range(128)), bytes(range(128, 256))
_FOREIGN = 0.3
"""Western letters beyond ASCII stand alone; where this share of them stands in runs, they are others."""

_RUNS = re.compile(rb"[\x80-\xff]{3,}")

_OTHERS = (
    *("cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp874"),
    *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
)

_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEGUN = re.compile(rb"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2})\Z")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Encoding:
    """A codec's name, what it does with bytes that do not fit, and its usual name where it is a guess."""

    name: str
    errors: str
    guessed: str = ""


_UTF8 = Encoding("utf-8-sig", "surrogateescape")


def encoding_of(file: BinaryIO) -> Encoding:
    """The encoding of a file that stands at its start; reads all of it where the start does not tell."""
    head = file.read(_HEAD)
    name = wide(head)
    return Encoding(name, "studio-halves") if name else _eight_bit(_blocks(head, file))


def wide(head: bytes) -> str:
    """The name of the encoding, if a file that begins so takes two bytes or more for every character."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), "") or _without_mark(head)


def _without_mark(head: bytes) -> str:
    """UTF-16 shows itself by the zeros of its Latin letters, digits and spaces, all on one side."""
    even, odd, pairs = head[0::2].count(0), head[1::2].count(0), len(head) // 2
    if pairs >= 4 and head[1] == 0 and odd > max(0.15 * pairs, 4 * even):
        return "utf-16-le"
    if pairs >= 4 and head[0] == 0 and even > max(0.15 * pairs, 4 * odd):
        return "utf-16-be"
    return ""


def _blocks(head: bytes, file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces that end between two characters, if it is UTF-8."""
    block = head
    while more := file.read(_BLOCK):
        begun = _BEGUN.search(block[-3:])
        rest = begun.group() if begun else b""
        yield block[: len(block) - len(rest)]
        block = rest + more
    yield block


def _eight_bit(blocks: Iterator[bytes]) -> Encoding:
    """UTF-8, unless more than a stray byte and most of what is not ASCII is no UTF-8."""
    good = strays = 0
    sample = b""
    for block in blocks:
        if (characters := _beyond_ascii_in(block)) is not None:
            good += characters
            continue
        rest, found = _CHARACTER.subn(b"", block)
        loose = len(rest.translate(None, _ASCII))
        good, strays = good + found, strays + loose
        if loose and len(sample) < _SAMPLE:
            sample += _beyond_ascii(block)
    return _UTF8 if strays < 2 or strays <= good else _guess(sample)


def _beyond_ascii_in(block: bytes) -> int | None:
    """How many characters of a block are not ASCII; None where it is no UTF-8."""
    try:
        return len(block.decode()) - len(block.translate(None, _BEYOND)) if not block.isascii() else 0
    except UnicodeDecodeError:
        return None


def _beyond_ascii(block: bytes) -> bytes:
    lines = block[: 16 * _SAMPLE].splitlines(keepends=True)
    return b"".join(line for line in lines if not line.isascii())[:_SAMPLE]


def _guess(sample: bytes) -> Encoding:
    """Windows-1252 byte by byte, so that no UTF-8 in the same file is lost; or another, if that is clear."""
    if b"\0" in sample:
        return _UTF8
    in_runs = sum(map(len, _RUNS.findall(sample)))
    foreign = in_runs > _FOREIGN * len(sample.translate(None, _ASCII))
    if foreign and not any(map(_is_utf8, sample.splitlines())):
        from charset_normalizer import from_bytes

        best = from_bytes(sample, threshold=0.1, cp_isolation=[*_OTHERS]).best()
        if best is not None:
            return Encoding(best.encoding, "studio-halves", best.encoding)
    return Encoding("utf-8-sig", "studio-western", "Windows-1252")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _halves(error: UnicodeError) -> tuple[str, int]:
    """Half a character in place of bytes that are none, so that only their row is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udfff", error.end


def _western(error: UnicodeError) -> tuple[str, int]:
    """The characters that Windows-1252 gives these bytes; half a character where it has none."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "surrogateescape"), error.end


codecs.register_error("studio-halves", _halves)
codecs.register_error("studio-western", _western)


_POINTER = b"version https://git-lfs.github.com/spec/v1"
EXTENSIONS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".txt", ".md")


class Source:
    """One file to read rows from, or one `section` of it: an array of a .json file that has several.

    What is wrong with the file as a whole gathers in `remarks`.
    """

    def __init__(self, path: Path, section: str = "") -> None:
        self.path, self.section = path, section
        self.name = path.name
        self.kind = kind_of(path)
        self.remarks: list[Problem] = []
        self._encoding: Encoding | None = None

    @contextmanager
    def bytes(self) -> Iterator[BinaryIO]:
        """The file's bytes, decompressed where it is gzip, whatever its name says."""
        with self.path.open("rb") as file:
            if file.peek(2)[:2] == b"\x1f\x8b":
                yield io.BufferedReader(_Decompressed(file, self.remarks))
            else:
                yield file

    @contextmanager
    def seekable(self) -> Iterator[IO[Any]]:
        """`bytes` for readers that jump about: decompressed into a temporary file where need be."""
        with self.bytes() as file:
            if not isinstance(getattr(file, "raw", None), _Decompressed):
                yield file
                return
            with tempfile.TemporaryFile() as whole:
                shutil.copyfileobj(file, whole)
                whole.seek(0)
                yield whole

    @contextmanager
    def text(self) -> Iterator[io.TextIOWrapper]:
        """The file as text with its line ends. Bytes that fit no character become lone surrogates."""
        encoding = self.encoding
        with self.bytes() as file, io.TextIOWrapper(file, encoding.name, encoding.errors, newline="") as text:
            yield text

    @property
    def encoding(self) -> Encoding:
        """How the text is encoded; found out once, and remarked on where it is not Unicode."""
        if self._encoding is None:
            with self.bytes() as file:
                self._encoding = encoding_of(file)
            if self._encoding.guessed:
                self.remarks.append(
                    problem(0, phrase("file.encoding", encoding=self._encoding.guessed), "warning")
                )
        return self._encoding


def kind_of(path: Path) -> str:
    """The extension that says what is inside: `.jsonl` of both `a.jsonl` and `a.JSONL.gz`."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def check_downloaded(source: Source) -> None:
    """Raise DataError for a file that only says where the data is, as Git leaves large ones behind."""
    with source.path.open("rb") as file:
        head = file.read(512)
    if head.startswith(_POINTER):
        found = re.search(rb"^size (\d+)", head, re.MULTILINE)
        size = phrase("size.bytes", bytes=int(found.group(1))) if found else phrase("size.unknown")
        raise DataError("file.pointer", file=source.name, size=size)


def check_names(source: Source, names: Sequence[str]) -> None:
    """Raise DataError where two columns of a table have the same name."""
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise DataError("file.column_twice", file=source.name, name=name)


class _Decompressed(io.RawIOBase):
    """A gzip file's content, up to where it is damaged; the damage is remarked on, once."""

    def __init__(self, file: BinaryIO, remarks: list[Problem]) -> None:
        self._content = gzip.GzipFile(fileobj=file)
        self._remarks = remarks
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._ended:
            return 0
        try:
            piece = self._content.read1(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self._ended = True
            remark = problem(0, phrase("file.gzip_damaged", fault=str(error)))
            if remark not in self._remarks:
                self._remarks.append(remark)
            return 0
        buffer[: len(piece)] = piece
        return len(piece)
