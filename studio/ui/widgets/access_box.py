"""What helps where the Hub asks who one is: the page to ask at, and a place for a token."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.ui.widgets.button import Button
from studio.ui.widgets.label import note, title

TOKENS = "https://huggingface.co/settings/tokens"


class AccessBox(QFrame):
    """Hidden until access is wanted."""

    page_requested = Signal(str)

    def __init__(self, right: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._page = ""
        self._ask = Button("Ask for access…", "link", "external-link")
        self._ask.clicked.connect(self._open_page)
        make = Button("Make a token…", "link", "external-link")
        make.clicked.connect(self._open_tokens)
        self.token = QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText("hf_…")
        self.token.setAccessibleName("Hub token")
        links = QHBoxLayout()
        links.setSpacing(18)
        links.addWidget(title("Hub token"))
        links.addStretch(1)
        links.addWidget(self._ask)
        links.addWidget(make)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(6)
        column.addLayout(links)
        column.addWidget(self.token)
        column.addWidget(note(f"With the right to {right}. It is kept in this Mac's keychain, in no file."))
        self.hide()

    def ask(self, page: str) -> None:
        """Show the box; `page` is where access is asked for, if there is such a page."""
        self._page = page
        self._ask.setVisible(bool(page))
        self.show()
        self.token.setFocus()

    def _open_page(self) -> None:
        self.page_requested.emit(self._page)

    def _open_tokens(self) -> None:
        self.page_requested.emit(TOKENS)
