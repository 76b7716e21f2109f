"""A synthesis folder: what was asked (`making.json`), what was made (`made.jsonl`), what a person said of it
(`reviews.jsonl`). The two JSONL files only grow.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studio.dataset.record import Record
from studio.dataset.save.export import row_of
from studio.dataset.save.target import check_file, check_sources, refuse_others
from studio.errors import DataError
from studio.files import FileKind, NewerFile, check_target, read_object, write_text
from studio.files.journal import Journal
from studio.files.lock import held
from studio.synth.plan import Plan
from studio.synth.rows import Review, Reviews, SyntheticRow, row_from
from studio.words import counted

MAKING = FileKind()
_OWN = ("making.json", "made.jsonl", "reviews.jsonl")


@dataclass(frozen=True)
class SyntheticFolder:
    """Rows that were made and wait for a person, in one folder."""

    path: Path

    @classmethod
    def create(cls, path: Path, plan: Plan) -> SyntheticFolder:
        """The folder for this plan, new or to go on with.

        Raises DataError where another plan lives, TargetError for a folder with anything else, and where it
        would touch what rows are made from.
        """
        folder = cls(path)
        if (path / "making.json").exists():
            if folder.plan() != plan:
                raise DataError("synth.other_plan", folder=path)
        else:
            check_sources(path, _sources(plan))
            refuse_others(path, frozenset())
            now = datetime.now(UTC).isoformat(timespec="seconds")
            folder._write({"plan": plan.model_dump(mode="json"), "created": now})
        return folder

    def plan(self) -> Plan:
        """What was asked. Raises DataError for a folder that is none of ours, or damaged."""
        try:
            return Plan.written(self._document()["plan"])
        except (KeyError, TypeError, ValidationError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
            raise DataError("synth.damaged", file=self.path / "making.json", fault=reason) from error

    @property
    def created(self) -> datetime:
        """When the synthesis was begun, in the time of this machine. Raises DataError as `plan` does."""
        try:
            return datetime.fromisoformat(str(self._document()["created"])).astimezone()
        except (KeyError, ValueError, OverflowError, OSError) as error:
            raise DataError("synth.damaged", file=self.path / "making.json", fault=error) from error

    @property
    def total(self) -> int:
        """How many sources there are to ask; 0 while nobody has counted them."""
        total = self._document().get("sources", 0)
        return total if isinstance(total, int) else 0

    @property
    def finished(self) -> bool:
        """Whether every source was asked."""
        return 0 < self.total <= len(self.asked())

    def expect(self, sources: int) -> None:
        """Write down how many sources there are to ask."""
        if sources != self.total:
            self._write({**self._document(), "sources": sources})

    def _document(self) -> dict[str, Any]:
        missing = DataError("synth.missing", folder=self.path)
        found = read_object(self.path / "making.json", DataError, missing)
        try:
            MAKING.checked(self.path / "making.json", found)
        except NewerFile as error:
            raise DataError(error.said) from error
        return found

    def _write(self, document: dict[str, Any]) -> None:
        MAKING.write(self.path / "making.json", document)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for making. Raises DataError while another process, or job, makes rows there."""
        taken = DataError("synth.busy", folder=self.path)
        with held(self.path / ".lock", taken):
            yield

    def keep(self, source: str, rows: Sequence[SyntheticRow], refused: Counter[str]) -> None:
        """Write down all that came of one source, in one line: it is there whole or not at all."""
        made = [asdict(row) for row in rows]
        self._made.append({"source": source, "rows": made, "refused": dict(refused)})

    def asked(self) -> set[str]:
        """The names of the sources that were asked already, whatever came of them."""
        return {str(line.get("source")) for line in self._made.lines()}

    def refused(self) -> Counter[str]:
        """How many drafts were refused, by reason."""
        found = Counter[str]()
        for line in self._made.lines():
            refused = line.get("refused", {})
            for reason, count in refused.items() if isinstance(refused, dict) else ():
                found[reason] += count if isinstance(count, int) else 0
        return found

    def rows(self) -> tuple[SyntheticRow, ...]:
        """Every row that was made, as it was made, by its number; damaged ones are left out."""
        found = chain.from_iterable(_rows(line) for line in self._made.lines())
        return tuple(row for row in found if row is not None)

    def next_number(self) -> int:
        """A number that no row has, and none that was judged, whatever is left of it."""
        numbers = {row.number for row in self.rows()} | self.reviews.latest().keys()
        return 1 + max(numbers, default=0)

    def damage(self) -> tuple[str, ...]:
        """What of the folder cannot be read and is left out, a sentence for each file."""
        made = [number for number, line in self._made.numbered() if line is None or None in _rows(line)]
        found = {"made.jsonl": made, "reviews.jsonl": self.reviews.damaged()}
        return tuple(
            f"{self.path / name} is damaged: {counted(len(lines), 'line')} cannot be read and "
            f"{'is' if len(lines) == 1 else 'are'} left out (the first is line {lines[0]:,})."
            for name, lines in found.items()
            if lines
        )

    def reviewed(self) -> tuple[tuple[SyntheticRow, Review], ...]:
        """Every row with what a person last said of it, the edits in place."""
        latest, pending = self.reviews.latest(), Review("pending")
        both = ((row, latest.get(row.number, pending)) for row in self.rows())
        return tuple((row.edited(review), review) for row, review in both)

    def review(self, row: int, review: Review) -> None:
        """Write down what a person says of a row. Raises DataError for a row that there is not."""
        self.review_all({row: review})

    def review_all(self, reviews: Mapping[int, Review]) -> None:
        """Write down what a person says of several rows; of none, and DataError, where one is missing."""
        there = {each.number for each in self.rows()}
        if missing := next((row for row in reviews if row not in there), None):
            raise DataError("synth.no_row", row=missing, folder=self.path)
        self.reviews.extend(reviews)

    @property
    def reviews(self) -> Reviews:
        return Reviews(Journal(self.path / "reviews.jsonl"))

    @property
    def _made(self) -> Journal:
        return Journal(self.path / "made.jsonl")


def _rows(line: dict[str, Any]) -> list[SyntheticRow | None]:
    """The rows of a line; None for each that is damaged."""
    rows = line.get("rows", [])
    return [_row(row) for row in rows] if isinstance(rows, list) else [None]


def _row(fields: Any) -> SyntheticRow | None:
    try:
        return row_from(fields)
    except ValueError:
        return None


def _sources(plan: Plan) -> list[Path]:
    """What rows are made from."""
    return [Path(name) for name in (plan.data, *plan.documents) if name]


def accepted(folder: Path) -> tuple[Record, ...]:
    """The rows that a person accepted, edited or not, each saying how it was made; lines count from 1."""
    found = [row for row, review in SyntheticFolder(folder).reviewed() if review.counts]
    return tuple(row.record(line) for line, row in enumerate(found, 1))


def write_accepted(folder: Path, path: Path) -> int:
    """Write the accepted rows as JSONL; returns how many there are.

    Raises DataError for none, TargetError where something stands that is no file of made rows, and where
    it would touch what rows were made from or the synthesis itself.
    """
    check_sources(path, _sources(SyntheticFolder(folder).plan()))
    check_target(path, [folder / name for name in _OWN])
    check_file(path, lambda row: isinstance(row, dict) and "made" in row)
    rows = accepted(folder)
    if not rows:
        raise DataError("synth.none_accepted_in", folder=folder)
    write_text(path, "".join(json.dumps(row_of(record), ensure_ascii=False) + "\n" for record in rows))
    return len(rows)
