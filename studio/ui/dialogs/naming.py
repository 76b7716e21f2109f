"""A name for something that is to be kept, said no to in words where it cannot be that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from studio.language import tr
from studio.ui.dialogs.dialog import Dialog, fields
from studio.ui.widgets.label import WrapLabel

_WIDTH = 420


class NamingDialog(Dialog):
    """Asks for a name until `keep` takes it; `keep` says why it does not, or nothing."""

    def __init__(
        self,
        heading: str,
        text: str,
        keep: Callable[[str], str],
        parent: QWidget | None = None,
        *,
        known: Sequence[str] = (),
    ) -> None:
        super().__init__(heading, text, tr("Save"), parent, width=_WIDTH)
        self._keep = keep
        self.name, self.problem = QLineEdit(), WrapLabel(role="error")
        self._complete(known)
        self.fill(fields((tr("Name"), self.name)), self.problem)
        self.name.textEdited.connect(self._on_typed)
        self._say("")
        self.agree.setEnabled(False)
        self.name.setFocus()

    def on_agreed(self) -> None:
        """Close where the name is taken; else say what is wrong with it."""
        refused = self._keep(self.name.text())
        if refused:
            self._say(refused)
        else:
            self.accept()

    def _complete(self, known: Sequence[str]) -> None:
        """Offer names that are taken, each of which can be given again."""
        if known:
            completer = QCompleter(list(known), self.name)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            self.name.setCompleter(completer)

    def _on_typed(self) -> None:
        self._say("")
        self.agree.setEnabled(bool(self.name.text().strip()))

    def _say(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        self.adjustSize()
