"""A file's bytes and text, whatever it is compressed with and however its text is encoded."""

from __future__ import annotations

import gzip
import io
import re
import shutil
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from studio.catalogue import phrase
from studio.data.rows import problem
from studio.data.sources.encodings import Encoding, encoding_of
from studio.errors import DataError
from studio.events import Problem
from studio.words import printable

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
        size = f"{int(found.group(1)):,} bytes" if found else "its content"
        raise DataError(
            f"{source.name} is a Git LFS pointer: the data itself ({size}) was not downloaded. "
            "Run git lfs pull in its folder, or download the file again from where it is published."
        )


def check_names(source: Source, names: Sequence[str]) -> None:
    """Raise DataError where two columns of a table have the same name."""
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        words = f'{source.name} has two columns called "{name}". Rename or remove one of them.'
        raise DataError(printable(words))


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
