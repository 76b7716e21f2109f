"""Where a dataset's running line numbers lie when it is of several files."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from studio.catalogue import Phrase, phrase
from studio.events import FilePlace


@dataclass(frozen=True)
class Places:
    """The files of a dataset in order; lines are counted on from file to file."""

    files: tuple[FilePlace, ...] = ()

    @property
    def several(self) -> bool:
        """Whether a line alone does not say where it is."""
        return len(self.files) > 1

    def place(self, line: int) -> tuple[str, int]:
        """The file's name and the line in it; an empty name where no file is known."""
        file = self._file(line)
        return (file.name, line - file.before) if file else ("", line)

    def part(self, line: int) -> str:
        """train, validation or test where the line's file was given as one, else empty."""
        file = self._file(line)
        return file.part if file else ""

    def spoken(self, line: int) -> Phrase:
        """The line as it is spoken of: `line 3`, or `line 3 of train.jsonl` among several files."""
        name, number = self.place(line)
        return phrase("line.of", line=number, file=name) if self.several else phrase("line", line=number)

    def words(self, line: int) -> str:
        """`spoken`, as text."""
        return str(self.spoken(line))

    def _file(self, line: int) -> FilePlace | None:
        at = bisect_right(self.files, line - 1, key=lambda file: file.before) - 1
        return self.files[at] if at >= 0 else None
