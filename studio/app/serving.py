"""The local server in the window: its dialog, and its requests as short jobs among the others'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue

from PySide6.QtCore import QObject, Qt, Signal, Slot

from studio.app.state import Controller, Services
from studio.catalogue import phrase
from studio.errors import StudioError
from studio.events import Event
from studio.generate.keys import checked, keep_secret, kept_secret
from studio.jobs.job import Job, Outcome
from studio.jobs.queue import JobQueue, QueueName, Ticket
from studio.language import tr
from studio.paths import STARTER_MODEL, model_folder
from studio.serve import snippets
from studio.serve.offered import Offered, served_name
from studio.serve.server import HOST, PORT, LocalServer
from studio.ui.dialogs.serve import ServeDialog
from studio.ui.widgets.timing import Throttle
from studio.words import counted

KEPT_AS = tr("local server")
"""Under which name the keychain keeps the key that programs have to give."""
_REDRAW_MILLISECONDS = 100
_OFF, _ON = tr("Local Server…"), tr("Local Server (Running)…")


@dataclass
class _Wish:
    """A job that the server's thread wants to be done, until it is queued, and then its ticket."""

    job: Job
    on_event: Callable[[Event], None]
    on_end: Callable[[Outcome], None]
    is_stopped: bool = False
    ticket: Ticket | None = field(default=None)

    def stop(self) -> None:
        """Stop it, whether it is queued already or not yet; on any thread."""
        self.is_stopped = True
        if self.ticket is not None:
            self.ticket.stop()


class JobGate(QObject):
    """Lets other threads queue jobs, which the queue takes on the window's thread alone."""

    wished = Signal()  # carries nothing: the wishes wait beside

    def __init__(self, queue: JobQueue, parent: QObject) -> None:
        super().__init__(parent)
        self._queue = queue
        self._wishes: SimpleQueue[_Wish] = SimpleQueue()
        self.wished.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def submit(
        self, job: Job, on_event: Callable[[Event], None], on_end: Callable[[Outcome], None], /
    ) -> Callable[[], None]:
        """Queue a short job, from any thread; returns how to stop it."""
        wish = _Wish(job, on_event, on_end)
        self._wishes.put(wish)
        self.wished.emit()
        return wish.stop

    @Slot()
    def _take(self) -> None:
        while not self._wishes.empty():
            wish = self._wishes.get_nowait()
            wish.ticket = self._queue.submit(wish.job, QueueName.INTERRUPT, wish.on_event, wish.on_end)
            if wish.is_stopped:
                wish.ticket.stop()


class Serving(Controller):
    """Starts and stops the server, and shows what it does. It runs until the window closes."""

    server_changed = Signal()  # said on the server's thread

    def __init__(self, services: Services) -> None:
        super().__init__(services, services.window)
        self._gate = JobGate(self._queue, self)
        self._port = PORT
        self._key: str | None = None  # not asked for yet
        self._prefers = ""
        self.server: LocalServer | None = None
        self.dialog: ServeDialog | None = None
        self._redraw = Throttle(self, _REDRAW_MILLISECONDS, self._show)
        self.server_changed.connect(self._show_soon, Qt.ConnectionType.QueuedConnection)
        self._subjects.listed.connect(self._show_models)
        self._window.action_triggered.connect(self._act)

    def open(self, run: str = "") -> None:
        """Show the dialog, with a run in its examples where one is named."""
        self._prefers = run
        if self.dialog is None:
            self._key = kept_secret(KEPT_AS) if self._key is None else self._key
            self.dialog = dialog = ServeDialog(self._port, self._key, self._window)
            dialog.start_requested.connect(self._start)
            dialog.stop_requested.connect(self.stop)
            dialog.example_requested.connect(self._show_examples)
        self._show_models()
        self._show()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    @Slot()
    def stop(self) -> None:
        """Stop the server, if it runs."""
        if self.server is not None:
            server, self.server = self.server, None
            server.stop()
        self._show()

    def _act(self, action: str) -> None:
        if action == "serve":
            self.open(self._subjects.name(self._window.current_pane()))

    def _start(self, port: int, key: str) -> None:
        if self.dialog is None or self.server is not None:
            return
        self._port = port
        try:
            key = checked(key)
            server = LocalServer(
                Offered(self._paths.runs, models=self._models()),
                self._gate.submit,
                port=port,
                key=key,
                changed=self.server_changed.emit,
            )
            server.start(waits=False)
        except StudioError as error:
            self.dialog.show_stopped(str(error))
            return
        self.server = server
        self._keep(key)
        self._show()

    def _keep(self, key: str) -> None:
        if key != self._key:
            self._key = key
            if reason := keep_secret(KEPT_AS, key):
                self._notice(str(phrase("serve.key_not_kept", fault=reason)))

    def _models(self) -> list[str]:
        """The starter, and the model that the recipe names, where it is here."""
        own = self._state.recipe.model
        is_there = own != STARTER_MODEL and (model_folder(own) / "config.json").is_file()
        return [STARTER_MODEL, own] if is_there else [STARTER_MODEL]

    @Slot()
    def _show_soon(self) -> None:
        self._redraw.trigger()

    @Slot()
    def _show(self) -> None:
        """Say whether it runs, and what it has done."""
        server = self.server
        if server is not None and not server.runs:
            self.server = None
            server.stop()
        self._window.action("serve").setText(_ON if self.server is not None else _OFF)
        if self.dialog is None:
            return
        if self.server is not None:
            figures = self.server.figures
            now = tr(" · {answering} in progress", answering=figures.answering) if figures.answering else ""
            tokens = f" · {counted(figures.tokens, 'token')}" if figures.tokens else ""
            self.dialog.show_running(
                tr(
                    "{counted} served{now}{tokens}",
                    counted=counted(figures.answered, "request"),
                    now=now,
                    tokens=tokens,
                )
            )
        elif server is not None:
            self.dialog.show_stopped(str(phrase("serve.ended")))
        else:
            self.dialog.show_stopped()

    @Slot()
    def _show_models(self) -> None:
        if self.dialog is None:
            return
        names = [run.name for run in self._subjects.runs if run.can_answer]
        chosen = self.dialog.model.currentText()
        if self._prefers in names:  # once: then the person may choose another
            chosen, self._prefers = self._prefers, ""
        self.dialog.show_models([*names, *map(served_name, self._models())], chosen)

    @Slot()
    def _show_examples(self) -> None:
        if (dialog := self.dialog) is None:
            return
        address = f"http://{HOST}:{dialog.port.text()}/v1"
        asked = address, dialog.model.currentText(), dialog.key.text().strip()
        dialog.show_examples(address, snippets.curl(*asked), snippets.python(*asked))
