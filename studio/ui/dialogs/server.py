"""Which server's model is to compete: its address, its name there, and a key where one is asked for."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from studio.catalogue import phrase
from studio.generate.address import fault_in
from studio.generate.contestant import SERVER, Contestant
from studio.language import tr
from studio.ui.dialogs.dialog import Dialog, fields
from studio.ui.widgets.label import WrapLabel, note

_WIDTH = 480
_WHAT = tr(
    "An OpenAI-compatible server is sent every question of the evaluation. What is read from weights or "
    "probabilities, such as losses and benchmarks, has no value for its model."
)
_KEPT = tr("The key is kept in the system's keychain, and in no file.")


class ServerDialog(Dialog):
    """`submitted` has who is to compete, and the key that was typed; `show_problem` says why not."""

    submitted = Signal(object, str)  # Contestant, key

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("A server's model", _WHAT, tr("Let it compete"), parent, width=_WIDTH)
        self.address, self.name, self.key = QLineEdit(), QLineEdit(), QLineEdit()
        self.address.setPlaceholderText("http://localhost:11434/v1")
        self.name.setPlaceholderText(tr("as the server calls it"))
        self.key.setPlaceholderText(tr("if it asks for one"))
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self._problem = WrapLabel("", role="error")
        self._problem.hide()
        lines = fields(
            (tr("Address"), self.address), (tr("Model name"), self.name), (tr("API key"), self.key)
        )
        self.fill(lines, note(_KEPT), self._problem)
        for each in (self.address, self.name):
            each.textChanged.connect(self._on_edited)
        self._on_edited()

    @property
    def contestant(self) -> Contestant:
        """Who was named."""
        address, name = self.address.text().strip(), self.name.text().strip()
        return Contestant(kind=SERVER, server=address.rstrip("/"), model=name)

    def show_problem(self, sentence: str) -> None:
        """Say why it cannot compete."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self.adjustSize()

    def on_agreed(self) -> None:
        if fault := fault_in(self.contestant.server):
            self.show_problem(str(phrase("server.no_address", fault=fault)))
            self.address.setFocus()
        else:
            self.submitted.emit(self.contestant, self.key.text().strip())

    def _on_edited(self) -> None:
        self.show_problem("")
        self.agree.setEnabled(bool(self.address.text().strip() and self.name.text().strip()))
