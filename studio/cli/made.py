"""What is printed of made rows and of downloads."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from studio.cli.results import Result
from studio.data.making.folder import MakingFolder
from studio.data.making.make import made_row, summary
from studio.events import Downloaded, MadeRow, MakingEnded
from studio.words import counted


def of_made(folder: MakingFolder) -> Result:
    """Every made row with its state, and what was refused."""
    rows = [made_row(row, review.state) for row, review in folder.reviewed()]
    ended = summary(folder)
    states = Counter(row.state for row in rows)
    lines = [row_line(row) for row in rows]
    damage = folder.damage()
    lines += [f"{_came(ended)}: {_counted(states)}", *_refused(ended), *damage]
    document = {**asdict(ended), "states": dict(states), "made": [asdict(row) for row in rows]}
    document["damage"] = list(damage)
    return Result(document, "\n".join(lines))


def of_making(folder: MakingFolder) -> Result:
    """How many rows there are by now, what was refused, and what to do next."""
    ended = summary(folder)
    lines = [f"{_came(ended)}, in {ended.folder}", *_refused(ended)]
    if ended.rows:
        lines.append(f"Next: studio data made {ended.folder} --accept all --out more.jsonl")
    return Result(asdict(ended), "\n".join(lines))


def of_download(event: Downloaded) -> Result:
    """What arrived, and how to look at it."""
    text = (
        f"{event.rows:,} rows of {event.name} ({event.subset}, {event.split}), "
        f"revision {event.revision[:12]}\n{event.path}\nNext: studio data {event.path}"
    )
    return Result(asdict(event), text)


def row_line(row: MadeRow) -> str:
    """A made row in a line."""
    return f"{row.row:>4}  {row.state:<8}  {_short(row.prompt)}  →  {_short(row.answer)}   [{row.source}]"


def _came(ended: MakingEnded) -> str:
    return f"{counted(ended.rows, 'row')} from {counted(ended.asked, 'source')}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"


def _refused(ended: MakingEnded) -> list[str]:
    counts = {each.reason: each.count for each in ended.refused}
    return [f"Refused: {_counted(counts)}"] if counts else []


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
