"""Making more at work: rows from the dataset at hand and from documents, by a model or by none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from studio.app.reviewing import Reviewing, words_for
from studio.app.shaping import Shaping
from studio.app.shared import Shared
from studio.dataset.documents.paragraphs import DOCUMENTS
from studio.dataset.steps.steps import Mix
from studio.errors import StudioError
from studio.events import Event, Log, MadeRow, MakingEnded, Progress
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.make import MakeJob
from studio.jobs.queue import Lane, Ticket
from studio.synth.add import damaged_makings, makings_of
from studio.synth.confirmed import Unconfirmed
from studio.synth.folder import MakingFolder
from studio.synth.plan import Plan
from studio.ui.panes.dataset.pane import DatasetPane

_KINDS = f"Documents ({' '.join(f'*{suffix}' for suffix in DOCUMENTS)})"
_STOPPED = "Stopped. What was made is kept."
_BUSY = "Stop making rows first, or wait until they are made."
_WAITING = "The engine is busy. Rows are made as soon as it is free; a server would not have to wait."


class Making(QObject):
    """Asks for rows, one making at a time; each waits in a folder of its own, and can be gone on with."""

    def __init__(
        self, shared: Shared, pane: DatasetPane, shaping: Shaping, made: Path, confirmed: Path
    ) -> None:
        super().__init__(pane)
        self._shared, self._pane, self._shaping, self._folders = shared, pane, shaping, made
        self._page, self._card, self._form = pane.making, pane.making.card, pane.making.form
        self._ticket: Ticket | None = None
        self._data = ""
        self._confirmed = confirmed
        self._told: Path | None = None  # which making's server and files the person has been told of
        self.reviewing = Reviewing(shared, self._page.review)
        self.reviewing.ready.connect(self._add)
        self._card.make_requested.connect(self.make)
        self._card.stop_requested.connect(self.stop)
        self._card.again_requested.connect(self.go_on)
        self._form.models.choose_requested.connect(self._choose_model)
        self._form.documents.more_requested.connect(self._choose_documents)
        self._page.documents_dropped.connect(self._page.add_documents)
        self._page.review.earlier_chosen.connect(self._open_earlier)
        pane.documents_requested.connect(self.show_page)

    @property
    def busy(self) -> bool:
        """Whether rows are being made."""
        return self._ticket is not None

    def follow(self) -> None:
        """Turn to the dataset at hand: its own makings are offered; one that is still open stays."""
        dataset = self._shared.dataset
        if dataset is None:
            return
        changed, self._data = self._data != dataset.path, dataset.path
        if changed:
            self._take_up(Path(dataset.path))

    def show_page(self) -> None:
        """Bring the page to the front; without a dataset for documents alone."""
        alone = self._shared.dataset is None
        if alone:
            self._data = ""
            self._take_up(None)
        self._pane.show_making(alone=alone)

    def bring(self, paths: Sequence[str]) -> None:
        """Make rows from these documents."""
        self.show_page()
        if self.busy:
            self._shared.window.show_notice(_BUSY, "warn")
        else:
            self._page.add_documents(paths)

    def make(self) -> None:
        """Begin a making as the form says it."""
        folder = self._folders / f"{datetime.now():%Y%m%d-%H%M%S-%f}-{self._form.maker.name}"
        try:
            plan = self._plan()
            self.reviewing.open(MakingFolder.create(folder, plan))
        except StudioError as error:
            self._card.show_rest(str(error), "bad", can_go_on=False)
            return
        self._submit(MakeJob(plan, folder, confirmed=self._confirmed))

    def go_on(self) -> None:
        """Make what the open making still lacks."""
        if self.reviewing.folder is None or self.busy:
            return
        try:
            job = MakeJob.again(self.reviewing.folder.path, confirmed=self._confirmed)
            job.check_confirmed()
        except Unconfirmed as error:
            if self._told != self.reviewing.folder.path:
                self._told = self.reviewing.folder.path
                self._card.show_rest(f"{error} Then press Go on once more.", "warn", can_go_on=True)
                return
            job = replace(job, typed=True)
        except StudioError as error:
            self._card.show_rest(str(error), "bad", can_go_on=False)
            return
        self._submit(job)

    def stop(self) -> None:
        """Stop after what is kept."""
        if self._ticket is not None:
            self._ticket.stop()
            self._card.show_busy("Stopping")

    def _plan(self) -> Plan:
        values = self._form.plan_values()
        if self._data:  # also while it is read again
            values |= {"data": self._data, "columns": self._shared.recipe.data.columns}
        try:
            return Plan.model_validate(values)
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise StudioError(f"Rows cannot be made like this: {reason}.") from error

    def _submit(self, job: MakeJob) -> None:
        try:
            if job.plan.server and (key := self._form.take_key()):
                from studio.generate.keys import keep_key  # with the network's libraries

                keep_key(job.plan.server, key)
        except StudioError as error:
            self._card.show_rest(str(error), "bad", can_go_on=True)
            return
        waits = job.on_engine and self._shared.queue.engine_busy
        self._card.show_busy(_WAITING if waits else "Reading what there is")
        lane = Lane.ENGINE if job.on_engine else Lane.ASKING
        ticket = self._shared.queue.submit(
            job, lane, lambda event: self._take(ticket, event), lambda end: self._end(ticket, end)
        )
        self._ticket = ticket
        self._show_earlier()
        self._page.review.take_focus()

    def _take(self, ticket: Ticket, event: Event) -> None:
        if ticket is not self._ticket:
            return
        match event:
            case Progress():
                self._show_progress(ticket, event)
            case MadeRow():
                self.reviewing.take(event)
            case MakingEnded():
                self.reviewing.show_summary()
            case Log(text, level) if level == "warning":
                self._shared.window.show_notice(text, "warn")

    def _show_progress(self, ticket: Ticket, event: Progress) -> None:
        if ticket.is_stopping():
            return
        of = f"{event.done:,} of {event.total:,}" if event.total else ""
        noun = self._form.source_word if event.what == ticket.job.title else ""
        said = " ".join(filter(None, (f"{event.what[:1].upper()}{event.what[1:]}:", of, noun)))
        self._card.show_busy(said.removesuffix(":"), event.done, event.total)
        if ticket.lane is Lane.ENGINE:
            share = event.done / event.total if event.total else None
            self._shared.window.set_engine(ticket.job.title, of, share)

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket.lane is Lane.ENGINE:
            self._shared.rest()
        if ticket is not self._ticket:
            return
        self._ticket = None
        self.reviewing.show_summary()
        match outcome:
            case Failed(summary, _):
                self._card.show_rest(summary, "bad", can_go_on=self._can_go_on())
            case Stopped():
                self._card.show_rest(_STOPPED, can_go_on=self._can_go_on())
            case _:
                self._card.show_rest("", can_go_on=False)

    def _can_go_on(self) -> bool:
        folder = self.reviewing.folder
        return folder is not None and not folder.finished

    def _take_up(self, dataset: Path | None) -> None:
        """Show what belongs to another dataset, or to none; a making that does not is left, and kept."""
        self._form.offer(has_dataset=dataset is not None)
        open_ = self.reviewing.folder
        if open_ is not None and open_ in makings_of(self._folders, dataset):
            self.reviewing.refresh()
        else:
            if self._ticket is not None:
                self._ticket.stop()
                self._ticket = None
                self._shared.window.show_notice(
                    "Another dataset is at hand now, so making rows was stopped. What was made is kept with "
                    "the dataset it was made for.",
                    "warn",
                )
            self.reviewing.close()
            self._card.show_rest("", can_go_on=False)
        self._show_earlier()

    def _show_earlier(self) -> None:
        dataset = Path(self._data) if self._data else None
        found = makings_of(self._folders, dataset)
        others = [folder for folder in found if folder != self.reviewing.folder and folder.asked()]
        shown = [(str(folder.path), words_for(folder)) for folder in others]
        damaged = damaged_makings(self._folders)
        self._page.review.show_earlier(
            [*shown, *((str(path), f"{path.name}: damaged") for path, _ in damaged)]
        )

    def _open_earlier(self, path: str) -> None:
        if self.busy:
            self._shared.window.show_notice(_BUSY, "warn")
            return
        folder = MakingFolder(Path(path))
        try:
            self._form.set_plan(folder.plan())
            self.reviewing.open(folder)
            unfinished = not folder.finished
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
            return
        self._card.show_rest("This making was not finished." if unfinished else "", can_go_on=unfinished)
        self._show_earlier()
        self._page.review.take_focus()

    def _add(self, file: str) -> None:
        """Write the dataset at hand with the accepted rows; without one they become a dataset."""
        path = Path(file)
        if self._data:
            self._shaping.apply(Mix(path=file, weight=0))
        else:
            documents = [Path(name) for name in MakingFolder(path.parent).plan().documents]
            self._shaping.keep(path, f"{documents[0].stem} rows" if documents else path.stem)

    def _choose_documents(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self._pane, "Add documents", "", _KINDS)
        if paths:
            self._page.add_documents(paths)

    def _choose_model(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self._pane, "Choose a model's folder"):
            self._form.models.set_model(folder)
            self._form.models.edited.emit()
