"""Many prompts asked of the playground's columns, while nobody waits for each."""

from __future__ import annotations

from dataclasses import dataclass

from studio.app.request import Listeners, RunRequest
from studio.app.state import Controller, Services
from studio.app.transcripts import save_document
from studio.errors import StudioError
from studio.events import GridAnswered, Log, Progress
from studio.jobs.grid import GridJob, columns_of
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.prompt_file import prompts_in
from studio.jobs.queue import QueueName
from studio.jobs.transcripts import AnswerGrid, grid_as_json, grid_as_markdown
from studio.language import tr
from studio.runs.folder import RunFolder
from studio.ui.dialogs.grid import GridDialog
from studio.ui.panes.playground.pane import PlaygroundPane
from studio.ui.theme import Theme
from studio.ui.widgets.timing import Throttle

_REDRAW_MILLISECONDS = 200
_PROMPTS = tr("Prompts (*.txt *.md *.jsonl *.ndjson *.json)")
_HOLDER = "grid"


@dataclass
class _Asked:
    """What was asked, and what has come of it."""

    job: GridJob
    answers: list[GridAnswered]

    def grid(self) -> AnswerGrid:
        titles = [(each.key, each.title) for each in self.job.contestants]
        answers = tuple(self.answers)
        return AnswerGrid(self.job.prompts, columns_of(titles, answers), answers, self.job.system)


class AskedGrid(Controller):
    """Opens the dialog of many prompts, asks them, and writes what came."""

    def __init__(self, services: Services, pane: PlaygroundPane, theme: Theme) -> None:
        super().__init__(services, pane)
        self._pane, self._theme = pane, theme
        self.dialog: GridDialog | None = None
        self._asked: _Asked | None = None
        self.request = RunRequest(self._queue, self._window, self._ask)
        self._redraw = Throttle(self, _REDRAW_MILLISECONDS, self._show)
        pane.grid_requested.connect(self.open)

    def open(self) -> None:
        """Ask which prompts the columns are to be asked."""
        titles = [each.title for each in self._pane.chat.columns]
        self.dialog = dialog = GridDialog(self._theme, titles, self._pane.golden_prompts, self._window)
        dialog.ask_requested.connect(self._begin)
        dialog.file_requested.connect(self._read)
        dialog.export_requested.connect(self._export)
        dialog.stop_requested.connect(self.request.stop)
        dialog.finished.connect(self._close)
        if self._asked is not None and self._asked.answers:  # what was asked last is not lost
            dialog.begin()
            dialog.show_grid(self._asked.grid())
            dialog.rest("")
        dialog.open()

    def _close(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None

    def _read(self) -> None:
        path = self._choose_file(tr("Choose a file of prompts"), _PROMPTS)
        if path is None or self.dialog is None:
            return
        try:
            self.dialog.take_file(path.name, prompts_in(path))
        except StudioError as error:
            self.dialog.refuse(str(error))

    def _begin(self) -> None:
        if self.dialog is None:
            return
        run, how = self._subjects.run("playground"), self._pane.how()
        folder = RunFolder(run.folder) if run is not None else None
        who = tuple(each.contestant for each in self._pane.chat.columns)
        self._ask(GridJob(folder, who, self.dialog.prompts(), how.sampling, how.system))

    def _ask(self, job: GridJob) -> None:
        if self.dialog is None:
            return
        self._asked = _Asked(job, [])
        self.dialog.begin()
        self._show()
        if job.run is not None:
            self._subjects.hold(
                _HOLDER, job.run.name, tr("{name} is being asked many prompts.", name=job.run.name)
            )
        heard: Listeners = {GridAnswered: self._take, Progress: self.dialog.show_busy, Log: self._show_log}
        self.request.ask(job, QueueName.ENGINE, heard, self._end)

    def _take(self, answer: GridAnswered) -> None:
        if self._asked is not None:
            self._asked.answers.append(answer)
            self._redraw.trigger()

    def _show(self) -> None:
        if self.dialog is not None and self._asked is not None:
            self.dialog.show_grid(self._asked.grid())

    def _end(self, outcome: Outcome) -> None:
        self._subjects.release(_HOLDER)
        self._show()
        if self.dialog is None:
            return
        match outcome:
            case Failed(summary, _):
                self.dialog.rest(summary)
            case Stopped():
                self.dialog.rest(tr("Stopped. What had come stands here."), "dim")
            case _:
                self.dialog.rest("")

    def _export(self) -> None:
        if self.dialog is None or self._asked is None:
            return
        grid, sampling = self._asked.grid(), self._asked.job.sampling
        file = save_document(
            self.dialog,
            tr("Export the answers"),
            "answers.md",
            as_json=lambda: grid_as_json(grid, sampling),
            as_markdown=lambda: grid_as_markdown(grid, sampling),
            refused=self.dialog.refuse,
        )
        if file is not None:
            self._answer(tr("Written to {name}.", name=file.name), "good")
