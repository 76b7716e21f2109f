"""Files of JSON lines that only grow: a line is whole on the disk, or it was never there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from studio.errors import DataError
from studio.files.proof import parsed
from studio.files.whole import disk_errors, flush

_BLOCK = 4096


@dataclass(frozen=True)
class Journal:
    """One such file.

    With `flushed` each line is on the disk before its writer goes on, so one without its end was never told
    of. Without, lines may be in the system's memory only, and one that lacks no more than its end counts.
    """

    path: Path
    flushed: bool = True

    def append(self, *values: dict[str, Any]) -> None:
        """Add a line for each."""
        self.write(*(json.dumps(value, ensure_ascii=False) for value in values))

    def write(self, *lines: str) -> None:
        """Add lines that are JSON already. What a crash, or a full disk, cut short before them is cleared."""
        text = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
        with disk_errors(self.path), self.path.open("ab+") as file:
            tail = _tail(file)
            if not self.flushed and _object(tail) is not None:
                text = b"\n" + text
            else:
                file.truncate(file.seek(0, os.SEEK_END) - len(tail))
            file.write(text)
            if self.flushed:
                file.flush()
                flush(file.fileno())

    def lines(self) -> Iterator[dict[str, Any]]:
        """Every whole line that is an object, oldest first. Raises DataError when the file cannot be read."""
        yield from filter(None, (value for _, value in self.numbered()))

    def numbered(self) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """Every whole line with its number; None for one that is damaged. Raises as `lines` does."""
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return
        except OSError as error:
            raise DataError("disk.unreadable", file=self.path, fault=error.strerror or error) from error
        for number, line in enumerate(lines, 1):
            yield number, _object(line)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = parsed(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _tail(file: BinaryIO) -> bytes:
    """What stands after the last line end."""
    end = file.seek(0, os.SEEK_END)
    start, found = end, -1
    while start and found < 0:
        start = max(0, start - _BLOCK)
        file.seek(start)
        found = file.read(min(_BLOCK, end - start)).rfind(b"\n")
    file.seek(start + found + 1)
    return file.read()
