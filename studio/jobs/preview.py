"""Showing what the fix of a check would do, before it is done."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.events import Change, Event, FixPreviewed
from studio.jobs.health import golden_of
from studio.train.recipe import Recipe

if TYPE_CHECKING:
    from studio.data.records import Record
    from studio.train.library import Library


@dataclass(frozen=True)
class PreviewJob:
    """Show the first rows that the fix of a check would mend or remove."""

    recipe: Recipe
    check: str

    @property
    def title(self) -> str:
        return "Trying a fix"

    def run_events(self, library: Library) -> Generator[Event]:
        from studio.data.health.checks import previewing
        from studio.data.health.subject import Subject

        dataset = yield from library.open(self.recipe)
        golden, _ = golden_of(dataset.path)
        mended = yield from previewing(Subject.of(dataset, golden), self.check)
        changes = (
            Change(line, _text(before), _text(after) if after else "") for line, before, after in mended
        )
        yield FixPreviewed(self.check, tuple(changes))


def _text(record: Record | None) -> str:
    if record is None:
        return ""
    return record.text or "\n\n".join(message.whole for message in record.messages)
