"""Models on their way from the Hub: one after another, paused and resumed, also after the app was closed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Signal

from studio.app.request import Listeners
from studio.app.state import Controller, Services
from studio.errors import StudioError
from studio.events import AccessWanted, FileArrived, Log, ModelDownloaded, Progress
from studio.files import FileKind, NewerFile, under
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.online import DownloadModelJob
from studio.jobs.queue import QueueName
from studio.ui.panes.models.downloads import (
    FAILED,
    GATED,
    PAUSED,
    PAUSING,
    RUNNING,
    WAITING,
    Transfer,
)
from studio.ui.panes.models.pane import ModelsPane
from studio.ui.widgets.timing import Throttle

_LIST = "downloads"
UNFINISHED = FileKind(under(_LIST, list))
"""What was not finished; the first version was the list alone."""
_REDRAW_MILLISECONDS = 100
_SETTLED_SECONDS = 1.5
"""Before that the first bytes would tell a rate that nobody gets."""


@dataclass(frozen=True)
class WantedModel:
    """A model of the Hub that is to be here; `file` is the one that is wanted of several GGUF files."""

    name: str
    file: str = ""


class ModelDownloads(Controller):
    """Brings what is asked for in its order; what is not finished is kept in a file, and listed as paused."""

    arrived = Signal(object)  # ModelDownloaded

    def __init__(self, services: Services, pane: ModelsPane) -> None:
        super().__init__(services, pane)
        self._card = pane.downloads
        self._asking = self._request()
        self._redraw = Throttle(self, _REDRAW_MILLISECONDS, self._show)
        self._file = services.paths.downloads
        self.token, self._page = "", ""
        self._began = (0.0, 0)  # when the running one began, and the bytes that were there then
        self._wanted: dict[str, WantedModel] = {}
        self.transfers: dict[str, Transfer] = {}
        for wanted in _kept(self._file):
            self._wanted[wanted.name] = wanted
            self.transfers[wanted.name] = Transfer(wanted.name, PAUSED)
        card = self._card
        card.pause_requested.connect(self.pause)
        card.resume_requested.connect(self.resume)
        card.cancel_requested.connect(self.cancel)
        card.token_given.connect(self._take_token)
        self._show()

    def get(self, name: str, file: str = "") -> None:
        """Bring a model, after those that were asked for before; one that was paused goes on."""
        if name in self.transfers:
            self.resume(name)
            return
        self._wanted[name] = WantedModel(name, file)
        self.transfers[name] = Transfer(name)
        self._keep()
        self._next()

    def pause(self, name: str) -> None:
        """Stop a download; what came of it is kept."""
        transfer = self.transfers[name]
        if transfer.state == RUNNING:
            self._say(name, state=PAUSING)
            self._asking.stop()
        elif transfer.state == WAITING:
            self._say(name, state=PAUSED)

    def resume(self, name: str) -> None:
        """Go on with a download, after those that wait already."""
        if self.transfers[name].state in (PAUSED, FAILED, GATED):
            self.transfers[name] = replace(self.transfers.pop(name), state=WAITING, sentence="", page="")
            self._next()

    def cancel(self, name: str) -> None:
        """Take a download off the list."""
        is_under_way = self.transfers.pop(name).state in (RUNNING, PAUSING)
        del self._wanted[name]
        if is_under_way:
            self._asking.drop()
        self._keep()
        self._next()

    def _take_token(self, name: str, token: str) -> None:
        self.token = token
        self.resume(name)

    def _next(self) -> None:
        """Begin with the first that waits, unless one is under way."""
        under_way = any(transfer.state in (RUNNING, PAUSING) for transfer in self.transfers.values())
        waiting = next((name for name, each in self.transfers.items() if each.state == WAITING), "")
        if waiting and not under_way:
            self._begin(self._wanted[waiting])
        self._show()

    def _begin(self, wanted: WantedModel) -> None:
        name = wanted.name
        self._page, self._began = "", (time.monotonic(), -1)
        self.transfers[name] = replace(self.transfers[name], state=RUNNING, rate=0.0)
        heard: Listeners = {
            FileArrived: lambda event: self._take(name, event),
            Progress: lambda event: self._wait(name),
            AccessWanted: self._note_page,
            Log: self._show_log,
            ModelDownloaded: lambda event: self._finish(name, event),
        }
        job = DownloadModelJob(name, token=self.token, file=wanted.file)
        self._asking.ask(job, QueueName.BRINGING, heard, lambda outcome: self._end(name, outcome))

    def _take(self, name: str, event: FileArrived) -> None:
        transfer = self.transfers[name]
        files = {**transfer.files, event.file: (event.done, event.total)}
        transfer = replace(transfer, files=files, sentence="")
        began, there = self._began
        if there < 0 or event.done == 0:  # what is there already is told first
            self._began = (time.monotonic(), transfer.done)
        elif (seconds := time.monotonic() - began) > _SETTLED_SECONDS:
            transfer = replace(transfer, rate=max(transfer.done - there, 0) / seconds)
        self.transfers[name] = transfer
        self._redraw.trigger()

    def _wait(self, name: str) -> None:
        """Say what is done while no byte comes: looking it up, or checking what came."""
        self.transfers[name] = replace(self.transfers[name], rate=0.0)
        self._redraw.trigger()

    def _note_page(self, wanted: AccessWanted) -> None:
        self._page = wanted.page

    def _finish(self, name: str, event: ModelDownloaded) -> None:
        self._asking.drop()  # a stop comes too late now
        self.transfers.pop(name)
        del self._wanted[name]
        self._keep()
        self._next()
        self.arrived.emit(event)

    def _end(self, name: str, outcome: Outcome) -> None:
        match outcome:
            case Failed(summary, _) if self._page:
                self._say(name, state=GATED, sentence=summary, page=self._page, rate=0.0)
            case Failed(summary, _):
                self._say(name, state=FAILED, sentence=summary, rate=0.0)
            case Stopped():
                self._say(name, state=PAUSED, rate=0.0)
        self._next()

    def _say(self, name: str, **more: object) -> None:
        self.transfers[name] = replace(self.transfers[name], **more)  # type: ignore[arg-type]
        self._show()

    def _show(self) -> None:
        self._card.show_transfers(tuple(self.transfers.values()))

    def _keep(self) -> None:
        """Write down what is not finished; where that cannot be, the next session does not know of it."""
        kept = [{"name": wanted.name, "file": wanted.file} for wanted in self._wanted.values()]
        with suppress(StudioError, OSError):
            UNFINISHED.write(self._file, {_LIST: kept})


def _kept(file: Path) -> Iterable[WantedModel]:
    """What was not finished when the app was closed."""
    with suppress(NewerFile, OSError, ValueError, TypeError, KeyError, AttributeError):
        found = UNFINISHED.read(file)[_LIST]
        return [WantedModel(str(each["name"]), str(each.get("file", ""))) for each in found]
    return ()
