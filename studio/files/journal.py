"""Files of JSON lines that only grow: a line is whole on the disk, or it was never there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import DataError
from studio.files import disk_errors


@dataclass(frozen=True)
class Journal:
    """One such file."""

    path: Path

    def append(self, *values: dict[str, Any]) -> None:
        """Add lines and flush them to the disk; what a crash had cut short before them is cleared."""
        lines = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
        with disk_errors(self.path), self.path.open("ab+") as file:
            file.truncate(_whole(self.path))
            file.write(lines.encode("utf-8", "surrogatepass"))
            file.flush()
            os.fsync(file.fileno())

    def lines(self) -> Iterator[dict[str, Any]]:
        """Every whole line that is an object, oldest first. Raises DataError when the file cannot be read."""
        yield from filter(None, (value for _, value in self.numbered()))

    def numbered(self) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """Every whole line with its number; None for one that is damaged."""
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return
        except OSError as error:
            raise DataError(f"{self.path} cannot be read ({error.strerror or error}).") from error
        for number, line in enumerate(lines, 1):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            yield number, value if isinstance(value, dict) else None


def _whole(path: Path) -> int:
    """How many bytes of the file are whole lines."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 4096)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0
