"""Synthetic rows at work: made from the dataset on show or from documents, reviewed, and added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog

from studio.app.request import Listeners
from studio.app.saving import Saving
from studio.app.state import Controller, Services
from studio.app.steps import DatasetSteps
from studio.catalogue import reason_in
from studio.dataset.documents.paragraphs import DOCUMENTS
from studio.dataset.steps.steps import Mix, steps_in
from studio.errors import StudioError
from studio.events import GeneratedRow, Log, Progress, Refusals, SynthesisEnded
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.queue import QueueName
from studio.jobs.synthesis import SynthesisJob
from studio.language import plural, tr
from studio.synth.add import added, damaged_folders, folders_of, write_rows
from studio.synth.confirmed import Unconfirmed
from studio.synth.folder import SyntheticFolder
from studio.synth.generate import generated_row, summary
from studio.synth.generators import GENERATORS
from studio.synth.plan import Plan
from studio.synth.rows import Review
from studio.ui.panes.dataset.pane import DatasetPane
from studio.ui.panes.dataset.review import ReviewCard
from studio.words import counted

_KINDS = tr("Documents ({listed})", listed=" ".join(f"*{suffix}" for suffix in DOCUMENTS))
_STOPPED = tr("Stopped. What was made is kept.")
_BUSY = tr("Stop making rows first, or wait until they are made.")
_WAITING = tr("The engine is busy. Rows are made as soon as it is free; a server would not have to wait.")
_PENDING = Review("pending")


class Reviewing(Controller):
    """Holds the rows of one synthesis folder, and shows them with their states."""

    ready = Signal(str)  # a file with rows to add to the dataset

    def __init__(self, services: Services, card: ReviewCard) -> None:
        super().__init__(services, card)
        self._card = card
        self.folder: SyntheticFolder | None = None
        self._made: dict[int, GeneratedRow] = {}
        self._reviews: dict[int, Review] = {}
        self._added: frozenset[int] = frozenset()
        self._before: list[dict[int, Review]] = []  # what was said before each judgement, to undo
        card.judged.connect(self._judge)
        card.edited.connect(self._edit)
        card.undo_requested.connect(self.undo)
        card.add_requested.connect(self._add)

    def open(self, folder: SyntheticFolder) -> None:
        """Show a synthesis's rows as they were left. Raises StudioError for a damaged folder."""
        self._made = {row.number: generated_row(row) for row in folder.rows()}
        self._reviews = folder.reviews.latest()
        self.folder, self._before = folder, []
        self.refresh()
        if damage := folder.damage():
            self._notice("\n".join(damage))

    def close(self) -> None:
        """Show no rows."""
        self.folder, self._made, self._reviews, self._before = None, {}, {}, []
        self._card.set_rows(())
        self._card.show_summary("")

    def refresh(self) -> None:
        """Show all rows anew: which of them the dataset at hand holds may have changed."""
        if self.folder is None:
            return
        dataset = self._state.dataset
        path = Path(dataset.path) if dataset else None
        self._added = added(self.folder, path, steps_in(self._state.recipe.data.history))
        self._card.set_rows([self._row(number) for number in self._made])
        self.show_summary()

    def take(self, row: GeneratedRow) -> None:
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
            self._notice(str(error))

    def _say(self, reviews: Mapping[int, Review]) -> None:
        if self._added & reviews.keys():
            self._notice(tr("That row is in the dataset by now. Change it there."))
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
            self._notice(str(error), "bad")
            return False
        self._reviews |= reviews
        for number in reviews:
            self._card.put(self._row(number))
        return True

    def _row(self, number: int) -> GeneratedRow:
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
            self._notice(str(error), "bad")
        self._before = []  # what was added is part of a dataset: it is changed there


class Synthesis(Controller):
    """Asks for rows, one synthesis at a time; each waits in a folder of its own, and can be gone on with."""

    def __init__(self, services: Services, pane: DatasetPane, steps: DatasetSteps, saving: Saving) -> None:
        super().__init__(services, pane)
        self._pane, self._steps, self._saving = pane, steps, saving
        self._folders, self._confirmed = services.paths.made, services.paths.confirmed
        self._page = page = pane.synthesis
        self._asking = self._request()
        self._data = ""
        self._informed: Path | None = None  # which synthesis' server and files the person has been told of
        self.reviewing = Reviewing(services, page.review)
        self.reviewing.ready.connect(self._add)
        page.make_requested.connect(self.make)
        page.stop_requested.connect(self.stop)
        page.again_requested.connect(self.go_on)
        page.model_requested.connect(self._choose_model)
        page.documents_requested.connect(self._choose_documents)
        page.earlier_chosen.connect(self._open_earlier)
        pane.documents_requested.connect(self.show_page)
        self._state.dataset_changed.connect(self._follow)

    @property
    def busy(self) -> bool:
        """Whether rows are being made."""
        return self._asking.busy

    def _follow(self) -> None:
        """Turn to the dataset on show: its own syntheses are offered; one that is still open stays."""
        dataset = self._state.dataset
        if dataset is None:
            return
        changed, self._data = self._data != dataset.path, dataset.path
        if changed:
            self._take_up(Path(dataset.path))
        else:
            self.reviewing.refresh()

    def show_page(self) -> None:
        """Bring the page to the front; without a dataset for documents alone."""
        alone = self._state.dataset is None
        if alone:
            self._data = ""
            self._take_up(None)
        self._pane.show_synthesis(alone=alone)

    def bring(self, paths: Sequence[str]) -> None:
        """Make rows from these documents."""
        self.show_page()
        if self.busy:
            self._notice(_BUSY)
        else:
            self._page.add_documents(paths)

    def make(self) -> None:
        """Begin a synthesis as the form says it."""
        folder = self._folders / f"{datetime.now():%Y%m%d-%H%M%S-%f}-{self._page.generator()}"
        try:
            plan = self._plan()
            self.reviewing.open(SyntheticFolder.create(folder, plan))
        except StudioError as error:
            self._page.show_rest(str(error), "bad", can_go_on=False)
            return
        self._submit(SynthesisJob(plan, folder, confirmed=self._confirmed))

    def go_on(self) -> None:
        """Make what the open synthesis still lacks."""
        if self.reviewing.folder is None or self.busy:
            return
        try:
            job = SynthesisJob.again(self.reviewing.folder.path, confirmed=self._confirmed)
            job.check_confirmed()
        except Unconfirmed as error:
            if self._informed != self.reviewing.folder.path:
                self._informed = self.reviewing.folder.path
                self._page.show_rest(
                    tr("{error} Then press Resume once more.", error=error), "warn", can_go_on=True
                )
                return
            job = replace(job, typed=True)
        except StudioError as error:
            self._page.show_rest(str(error), "bad", can_go_on=False)
            return
        self._submit(job)

    def stop(self) -> None:
        """Stop after what is kept."""
        if self.busy:
            self._asking.stop()
            self._page.show_busy(tr("Stopping"))

    def _plan(self) -> Plan:
        values = self._page.plan_values()
        if self._data:  # also while it is read again
            data = self._state.recipe.data
            values |= {"data": self._data, "columns": data.columns, "history": data.history}
        try:
            return Plan.model_validate(values)
        except ValidationError as error:
            raise StudioError("synth.not_like_this", reason=reason_in(error.errors()[0])) from error

    def _submit(self, job: SynthesisJob) -> None:
        try:
            if job.plan.server and (key := self._page.take_key()):
                from studio.generate.keys import keep_key  # with the network's libraries

                keep_key(job.plan.server, key)
        except StudioError as error:
            self._page.show_rest(str(error), "bad", can_go_on=True)
            return
        waits = job.on_engine and self._queue.engine_busy
        self._page.show_busy(_WAITING if waits else tr("Reading what there is"))
        queue_name = QueueName.ENGINE if job.on_engine else QueueName.ASKING
        heard: Listeners = {
            Progress: lambda progress: self._show_progress(job, progress),
            GeneratedRow: self.reviewing.take,
            SynthesisEnded: self._show_ended,
            Log: self._show_log,
        }
        self._asking.ask(job, queue_name, heard, self._end)
        self._show_earlier()
        self._page.take_focus()

    def _show_ended(self, event: SynthesisEnded) -> None:
        self.reviewing.show_summary()

    def _show_progress(self, job: SynthesisJob, event: Progress) -> None:
        if self._asking.stopping:
            return
        of = tr("{done:,} of {total:,}", done=event.done, total=event.total) if event.total else ""
        noun = self._page.source_word() if event.what == job.title else ""
        sentence = " ".join(filter(None, (f"{event.what[:1].upper()}{event.what[1:]}:", of, noun)))
        self._page.show_busy(sentence.removesuffix(":"), event.done, event.total)
        if job.on_engine:
            share = event.done / event.total if event.total else None
            self._window.set_engine(job.title, of, share)

    def _end(self, outcome: Outcome) -> None:
        self.reviewing.show_summary()
        match outcome:
            case Failed(summary, _):
                self._page.show_rest(summary, "bad", can_go_on=self._can_go_on())
            case Stopped():
                self._page.show_rest(_STOPPED, can_go_on=self._can_go_on())
            case _:
                self._page.show_rest("", can_go_on=False)

    def _can_go_on(self) -> bool:
        folder = self.reviewing.folder
        return folder is not None and not folder.finished

    def _take_up(self, dataset: Path | None) -> None:
        """Show what belongs to another dataset, or to none; a synthesis that does not is left, and kept."""
        self._page.offer(has_dataset=dataset is not None)
        open_ = self.reviewing.folder
        if open_ is not None and open_ in folders_of(self._folders, dataset):
            self.reviewing.refresh()
        else:
            if self.busy:
                self._asking.drop()
                self._notice(
                    tr(
                        "You opened another dataset, so making rows was stopped. What was made is kept with "
                        "the dataset it was made for."
                    ),
                    "warn",
                )
            self.reviewing.close()
            self._page.show_rest("", can_go_on=False)
        self._show_earlier()

    def _show_earlier(self) -> None:
        dataset = Path(self._data) if self._data else None
        found = folders_of(self._folders, dataset)
        others = [folder for folder in found if folder != self.reviewing.folder and folder.asked()]
        shown = [(str(folder.path), words_for(folder)) for folder in others]
        damaged = damaged_folders(self._folders)
        self._page.show_earlier(
            [*shown, *((str(path), tr("{name}: damaged", name=path.name)) for path, _ in damaged)]
        )

    def _open_earlier(self, path: str) -> None:
        if self.busy:
            self._notice(_BUSY)
            return
        folder = SyntheticFolder(Path(path))
        try:
            self._page.set_plan(folder.plan())
            self.reviewing.open(folder)
            unfinished = not folder.finished
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        self._page.show_rest(
            tr("This synthesis was not finished.") if unfinished else "", can_go_on=unfinished
        )
        self._show_earlier()
        self._page.take_focus()

    def _add(self, file: str) -> None:
        """Mix the accepted rows into the dataset on show; without one they become a dataset."""
        path = Path(file)
        if self._data:
            self._steps.do(Mix(path=file, weight=0))
        else:
            documents = [Path(name) for name in SyntheticFolder(path.parent).plan().documents]
            self._saving.keep(path, tr("{stem} rows", stem=documents[0].stem) if documents else path.stem)

    def _choose_documents(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self._pane, tr("Add documents"), "", _KINDS)
        if paths:
            self._page.add_documents(paths)

    def _choose_model(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self._pane, tr("Choose a model's folder")):
            self._page.set_model(folder)


def summed_up(ended: SynthesisEnded) -> str:
    """What came of a synthesis, in a sentence or two."""
    rows, sources = counted(ended.rows, "row"), counted(ended.asked, "source")
    sentence = tr("{rows} from {sources}.", rows=rows, sources=sources)
    advice = tr("A larger model does better.") if ended.refused and not ended.rows else ""
    return " ".join(filter(None, (sentence, _left_out(ended.refused), advice)))


def _left_out(refused: tuple[Refusals, ...]) -> str:
    count = sum(each.count for each in refused)
    if not count:
        return ""
    several = len(refused) > 1
    reasons = ", ".join(f"{each.count:,} {each.reason}" if several else each.reason for each in refused)
    drafts = plural(count, "{count:,} draft was", "{count:,} drafts were")
    return tr("{drafts} left out: {reasons}.", drafts=drafts, reasons=reasons)


def words_for(folder: SyntheticFolder) -> str:
    """A synthesis in a line: how, how much, how far judged, and when."""
    title = GENERATORS[folder.plan().maker].title
    damaged = tr(", damaged in part") if folder.damage() else ""
    states = [review.state for _, review in folder.reviewed()]
    rows = counted(len(states), "row")
    pending = tr(", {count:,} to review", count=states.count("pending")) if "pending" in states else ""
    unfinished = "" if folder.finished else tr(", not finished")
    try:
        made = f" ({folder.created:%-d %b, %H:%M})"
    except StudioError:
        made, damaged = "", tr(", damaged in part")
    return f"{title}: {rows}{pending}{unfinished}{damaged}{made}"
