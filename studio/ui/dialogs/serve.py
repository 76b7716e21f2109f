"""The local server: started and stopped, where it is, how it is asked, and what it has done so far."""

from __future__ import annotations

import secrets

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication, QIntValidator, QShowEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from studio.language import tr
from studio.ui.dialogs.dialog import Dialog, fields
from studio.ui.plain import tip
from studio.ui.theme import fixed_font
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import Badge, ElidedLabel, WrapLabel, note
from studio.ui.widgets.layout import row
from studio.ui.widgets.popup import Combo
from studio.ui.widgets.style import set_property
from studio.ui.widgets.tabs import Tabs
from studio.ui.widgets.timing import Debounce

_WIDTH = 620
_WHAT = tr(
    "Programs on this Mac can ask your models the way they ask OpenAI's API. Answers also come while a run "
    "trains. Nothing outside this Mac can reach the server."
)
_STAYS = tr("The server runs until you stop it or quit, also while this dialog is closed.")
_COPIED_MILLISECONDS = 1500
_LOWEST, _HIGHEST = 1024, 65535


class ServeDialog(Dialog):
    """Emits what is wanted; whoever serves tells with the show_… methods."""

    start_requested = Signal(int, str)  # the port, and the key
    stop_requested = Signal()
    example_requested = Signal()  # another model, port or key is to stand in the examples

    def __init__(self, port: int, key: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Local server"), _WHAT, tr("Start"), parent, width=_WIDTH)
        self._runs = False
        self._examples = {"curl": "", "python": ""}
        self.state, self.figures = Badge(), ElidedLabel()
        self.port, self.key = QLineEdit(str(port)), QLineEdit(key)
        self.address, self.model = QLineEdit(), Combo()
        self.new_key, self.copy_key = Button(tr("New key")), _CopyButton()
        self.copy_address, self.copy_example = _CopyButton(), _CopyButton()
        self.tabs = Tabs([("curl", "curl"), ("python", tr("Python"))], "segment")
        self.code, self.problem = QPlainTextEdit(), WrapLabel("", role="error")
        self._set_up()
        self._lay_out()
        self._connect()
        self.show_stopped()

    def show_models(self, names: list[str], chosen: str) -> None:
        """The models that the examples can name."""
        self.model.blockSignals(True)
        self.model.clear()
        self.model.addItems(names)
        self.model.setCurrentIndex(max(0, self.model.findText(chosen)))
        self.model.blockSignals(False)
        self.example_requested.emit()

    def show_examples(self, address: str, curl: str, python: str) -> None:
        """What to copy, for the model, the port and the key that are chosen."""
        self.address.setText(address)
        self._examples = {"curl": curl, "python": python}
        self._show_example(self.tabs.current)

    def show_running(self, figures: str) -> None:
        """It listens, and this is what it has done; said anew with every request, so it costs little."""
        if self._runs:
            self.figures.setText(figures)
        else:
            self._show(True, tr("Running"), "good", figures)

    def show_stopped(self, problem: str = "") -> None:
        """It does not listen, because of a problem where one is told."""
        self.problem.setText(problem)
        self._show(False, tr("Failed") if problem else tr("Off"), "bad" if problem else "dim", "")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.adjustSize()

    def on_agreed(self) -> None:
        if self._runs:
            self.stop_requested.emit()
        else:
            self.start_requested.emit(int(self.port.text()), self.key.text().strip())

    def _show(self, runs: bool, words: str, tone: str, figures: str) -> None:
        self._runs = runs
        self.state.setText(words)
        set_property(self.state, "tone", tone)
        self.figures.setText(figures)
        self.problem.setVisible(not runs and bool(self.problem.text()))
        self.agree.setText(tr("Stop") if runs else tr("Start"))
        self.agree.set_role("plain" if runs else "primary")
        self.agree.set_icon("square" if runs else "play")
        self.new_key.setEnabled(not runs)
        for field in (self.port, self.key):
            field.setReadOnly(runs)
        self._check_port()
        self.adjustSize()

    def _set_up(self) -> None:
        self.port.setValidator(QIntValidator(_LOWEST, _HIGHEST, self))
        self.port.setFixedWidth(96)
        self.key.setPlaceholderText(tr("No key: every program on this Mac may ask"))
        self.copy_key.setEnabled(bool(self.key.text()))
        self.address.setReadOnly(True)
        self.code.setReadOnly(True)
        self.code.setProperty("role", "said")
        self.code.setFont(fixed_font())
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.code.setFixedHeight(190)
        self.code.setAccessibleName(tr("Example"))
        self.code.setTabChangesFocus(True)
        self.figures.setProperty("tone", "dim")
        self.problem.hide()
        self.copy_key.setAccessibleName(tr("Copy the key"))
        self.copy_address.setAccessibleName(tr("Copy the address"))
        self.copy_example.setAccessibleName(tr("Copy the example"))
        self.cancel.setText(tr("Close"))

    def _lay_out(self) -> None:
        lines = fields(
            (tr("Status"), row(self.state, (self.figures, 1))),
            (tr("Port"), row(self.port, ...)),
            (tr("API key"), row((self.key, 1), self.new_key, self.copy_key)),
            (tr("Address"), row((self.address, 1), self.copy_address)),
            (tr("Ask model"), self.model),
        )
        for name, widget in (
            (tr("Port"), self.port),
            (tr("API key"), self.key),
            (tr("Address"), self.address),
        ):
            widget.setAccessibleName(name)
        example = row(self.tabs, ..., self.copy_example)
        self.fill(lines, 2, example, self.code, self.problem, note(_STAYS))

    def _connect(self) -> None:
        self.new_key.clicked.connect(self._make_key)
        self.copy_key.clicked.connect(self._copy_key)
        self.copy_address.clicked.connect(self._copy_address)
        self.copy_example.clicked.connect(self._copy_example)
        self.tabs.chosen.connect(self._show_example)
        self.model.currentIndexChanged.connect(self.example_requested)
        self.port.textChanged.connect(self._on_port)
        self.key.textChanged.connect(self._on_key)

    def _show_example(self, kind: str) -> None:
        self.code.setPlainText(self._examples[kind])

    def _on_port(self) -> None:
        self._check_port()
        self.example_requested.emit()

    def _check_port(self) -> None:
        """It cannot be started where no program may listen."""
        fits = self.port.hasAcceptableInput()
        set_property(self.port, "invalid", not fits)
        self.port.setToolTip(
            tip(
                ""
                if fits
                else tr("A number from {LOWEST:,} to {HIGHEST:,}", LOWEST=_LOWEST, HIGHEST=_HIGHEST)
            )
        )
        self.agree.setEnabled(self._runs or fits)

    def _on_key(self, key: str) -> None:
        self.copy_key.setEnabled(bool(key))
        self.example_requested.emit()

    def _make_key(self) -> None:
        self.key.setText(secrets.token_hex(16))

    def _copy_key(self) -> None:
        self.copy_key.copy(self.key.text())

    def _copy_address(self) -> None:
        self.copy_address.copy(self.address.text())

    def _copy_example(self) -> None:
        self.copy_example.copy(self.code.toPlainText())


class _CopyButton(Button):
    """Says for a moment that it has copied."""

    def __init__(self) -> None:
        super().__init__(tr("Copy"), icon="copy")
        self._back = Debounce(self, _COPIED_MILLISECONDS, self._show_again)

    def copy(self, text: str) -> None:
        """Put a text on the clipboard."""
        QGuiApplication.clipboard().setText(text)
        self.setText(tr("Copied"))
        self.set_icon("check")
        self._back.trigger()

    def _show_again(self) -> None:
        self.setText(tr("Copy"))
        self.set_icon("copy")
