"""A column of the source that no record keeps, by line."""

from __future__ import annotations

from pathlib import Path

from studio.data.places import Places
from studio.data.reader import rows_of
from studio.data.rows import Row
from studio.data.sources.folders import files_of


def column_of(path: Path, places: Places, name: str) -> dict[int, str]:
    """What the column holds on each line that has it, read from the files anew; numbers as text."""
    starts = {file.name: file.before for file in places.files}
    found: dict[int, str] = {}
    for file in files_of(path):
        if file.name not in starts:
            continue
        for row in rows_of(file.source):
            if isinstance(row, Row) and (value := row.fields.get(name)) is not None:
                found[row.line + starts[file.name]] = str(value)
    return found
