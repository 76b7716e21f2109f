"""What a person does with what was said in the playground: keep an answer, open a link."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from studio.app.answer_words import add_line
from studio.app.state import Controller, Services
from studio.errors import StudioError
from studio.ui.chat.markdown import opens_outside
from studio.ui.dialogs.task import QuestionDialog
from studio.ui.panes.playground.pane import PlaygroundPane

_LINES = "JSON lines (*.jsonl)"
_KEPT = {"golden": ("Add to a golden set", "ideal"), "row": ("Add to a dataset", "completion")}


class KeptSayings(Controller):
    """Adds an exchange to a file as a row, and asks before a link of an answer is opened."""

    def __init__(self, services: Services, pane: PlaygroundPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self.dialog: QuestionDialog | None = None
        pane.answer_acted.connect(self._act)
        pane.link_clicked.connect(self.ask_to_open)

    def ask_to_open(self, address: str) -> None:
        """Ask whether a page or a mail is to be opened; anything else never is."""
        if not opens_outside(address):
            self._answer(f"{address[:200]} is no web page, so it is not opened.")
            return
        words = "Open this address in the browser?"
        self.dialog = dialog = QuestionDialog(words, address[:2000], "Open", self._window)
        dialog.accepted.connect(lambda: QDesktopServices.openUrl(QUrl(address)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _act(self, action: str, number: int, who: str) -> None:
        exchange = self._pane.chat.conversation.find(number)
        answer = exchange.answers.get(who) if exchange is not None else None
        if exchange is not None and answer is not None and action in _KEPT:
            title, field = _KEPT[action]
            self._keep(title, {"prompt": exchange.prompt, field: answer.text})

    def _keep(self, title: str, row: dict[str, str]) -> None:
        """Put a row at the end of a file, which is made if it is not there."""
        untold = QFileDialog.Option.DontConfirmOverwrite
        file, _ = QFileDialog.getSaveFileName(self._window, title, "", _LINES, options=untold)
        if not file:
            return
        path = Path(file).with_suffix(Path(file).suffix or ".jsonl")
        try:
            add_line(path, row)
        except StudioError as error:
            self._answer(str(error), "bad")
            return
        self._answer(f"Added to {path.name}.", "good")
