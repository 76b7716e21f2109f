"""Made rows and what a person says of them: every word is written down at once, and can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.app.shared import Shared
from studio.errors import StudioError
from studio.events import MadeRow, MakingEnded, Refusals
from studio.synth.add import added, write_rows
from studio.synth.folder import MakingFolder
from studio.synth.generate import made_row, summary
from studio.synth.generators import GENERATORS
from studio.synth.rows import Review
from studio.ui.panes.dataset.review import ReviewCard

_PENDING = Review("pending")


class Reviewing(QObject):
    """Holds the rows of one making folder, and shows them with their states."""

    ready = Signal(str)  # a file with rows to add to the dataset

    def __init__(self, shared: Shared, card: ReviewCard) -> None:
        super().__init__(card)
        self._shared, self._card = shared, card
        self.folder: MakingFolder | None = None
        self._made: dict[int, MadeRow] = {}
        self._reviews: dict[int, Review] = {}
        self._added: frozenset[int] = frozenset()
        self._before: list[dict[int, Review]] = []  # what was said before each judgement, to undo
        card.judged.connect(self._judge)
        card.edited.connect(self._edit)
        card.undo_requested.connect(self.undo)
        card.add_requested.connect(self._add)

    def open(self, folder: MakingFolder) -> None:
        """Show a making's rows as they were left. Raises StudioError for a damaged folder."""
        self._made = {row.number: made_row(row) for row in folder.rows()}
        self._reviews = folder.reviews.latest()
        self.folder, self._before = folder, []
        self.refresh()
        if damage := folder.damage():
            self._shared.window.show_notice("\n".join(damage), "warn")

    def close(self) -> None:
        """Show no rows."""
        self.folder, self._made, self._reviews, self._before = None, {}, {}, []
        self._card.set_rows(())
        self._card.show_summary("")

    def refresh(self) -> None:
        """Show all rows anew: which of them the dataset at hand holds may have changed."""
        if self.folder is None:
            return
        dataset = self._shared.dataset
        self._added = added(self.folder, Path(dataset.path) if dataset else None)
        self._card.set_rows([self._row(number) for number in self._made])
        self.show_summary()

    def take(self, row: MadeRow) -> None:
        """Show a row that was made just now."""
        self._made[row.row] = row
        self._card.put(self._row(row.row))

    def show_summary(self) -> None:
        """Say how many rows there are, and what was refused."""
        if self.folder is not None:
            ended = summary(self.folder)
            self._card.show_summary(summed_up(ended) if ended.asked else "")

    def undo(self) -> None:
        """Take the last judgement back, and stand where it was made."""
        if self._before and self._write(self._before[-1]):
            self._card.go_to(min(self._before.pop()))

    def _judge(self, numbers: tuple[int, ...], state: str) -> None:
        self._say({number: Review(state) for number in numbers})

    def _edit(self, number: int, prompt: str, answer: str) -> None:
        try:
            self._say({number: Review("edited", prompt, answer)})
        except StudioError as error:
            self._shared.window.show_notice(str(error), "warn")

    def _say(self, reviews: Mapping[int, Review]) -> None:
        if self._added & reviews.keys():
            self._shared.window.show_notice("That row is in the dataset by now. Change it there.", "warn")
            return
        before = {number: self._reviews.get(number, _PENDING) for number in reviews}
        if self._write(reviews):
            self._before.append(before)

    def _write(self, reviews: Mapping[int, Review]) -> bool:
        """Whether it could be written down; then it is shown, too."""
        if self.folder is None:
            return False
        try:
            self.folder.reviews.extend(reviews)
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
            return False
        self._reviews |= reviews
        for number in reviews:
            self._card.put(self._row(number))
        return True

    def _row(self, number: int) -> MadeRow:
        row, review = self._made[number], self._reviews.get(number, _PENDING)
        if review.state == "edited":
            row = replace(row, prompt=review.prompt, answer=review.answer)
        return replace(row, state="added" if number in self._added and review.counts else review.state)

    def _add(self) -> None:
        if self.folder is None:
            return
        new = {number for number in self._made if self._row(number).state in ("accepted", "edited")}
        try:
            self.ready.emit(str(write_rows(self.folder, new)))
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
        self._before = []  # what was added is part of a dataset: it is changed there


def summed_up(ended: MakingEnded) -> str:
    """What came of a making, in a sentence or two."""
    rows = f"{ended.rows:,} row{'s' if ended.rows != 1 else ''}"
    said = f"{rows} from {ended.asked:,} source{'s' if ended.asked != 1 else ''}."
    advice = "A larger model does better." if ended.refused and not ended.rows else ""
    return " ".join(filter(None, (said, _left_out(ended.refused), advice)))


def _left_out(refused: tuple[Refusals, ...]) -> str:
    count = sum(each.count for each in refused)
    if not count:
        return ""
    several = len(refused) > 1
    reasons = ", ".join(f"{each.count:,} {each.reason}" if several else each.reason for each in refused)
    drafts = f"{count:,} draft{'s were' if count != 1 else ' was'}"
    return f"{drafts} left out: {reasons}."


def words_for(folder: MakingFolder) -> str:
    """A making in a line: how, how much, how far judged, and when."""
    title = GENERATORS[folder.plan().maker].title
    damaged = ", damaged in part" if folder.damage() else ""
    states = [review.state for _, review in folder.reviewed()]
    rows = f"{len(states):,} row{'s' if len(states) != 1 else ''}"
    pending = f", {states.count('pending'):,} to review" if "pending" in states else ""
    unfinished = "" if folder.finished else ", not finished"
    try:
        made = f" ({folder.created:%-d %b, %H:%M})"
    except StudioError:
        made, damaged = "", ", damaged in part"
    return f"{title}: {rows}{pending}{unfinished}{damaged}{made}"
