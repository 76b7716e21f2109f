"""The window: sidebar, panes, menu bar, banner, and the place where files are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QStackedWidget,
    QTextEdit,
    QWidget,
)

from studio.ui.menus import EDIT, fill_menu_bar, fill_recent
from studio.ui.sidebar import PaneEntry, Sidebar
from studio.ui.theme import Theme
from studio.ui.widgets.label import PlainLabel
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.states import Notice

__all__ = ["MainWindow", "PaneEntry"]

MINIMUM = QSize(1040, 680)
DEFAULT = QSize(1280, 820)
WARM_UP_MILLISECONDS = 300
EDIT_KEYS = {command.key for command in EDIT if command.key}


class MainWindow(QMainWindow):
    """Shows the panes it is given and announces what the person wants; it decides nothing itself."""

    action_triggered = Signal(str)  # a Command's key
    files_dropped = Signal(object)  # paths
    first_painted = Signal()  # the person sees the window: now there is time for what is heavy
    close_requested = Signal()

    def __init__(self, theme: Theme, panes: Sequence[PaneEntry]) -> None:
        super().__init__()
        self._theme = theme
        self._panes = {entry.key: entry for entry in panes}
        self._warmed = False
        self._painted = False
        self.setWindowTitle("Tuning Studio")
        self.setMinimumSize(MINIMUM)
        self.resize(DEFAULT)
        self.setAcceptDrops(True)
        self._sidebar, self._stack, self._notice = Sidebar(panes), QStackedWidget(), Notice()
        self._root = QWidget()
        self._build(panes)
        self._drop = _DropHint(self._root)
        self._actions = fill_menu_bar(
            self.menuBar(), ((entry.key, entry.title) for entry in panes), self._on_action
        )
        self._recent = QMenu(self)
        self._actions["recent"].setMenu(self._recent)
        self.show_recent(())
        self._actions[f"appearance:{theme.mode}"].setChecked(True)
        self._sidebar.chosen.connect(self.show_pane)
        if panes:
            self.show_pane(panes[0].key)

    def show_pane(self, key: str) -> None:
        """Bring a pane to the front."""
        self._stack.setCurrentWidget(self._panes[key].widget)
        self._sidebar.select(key)
        self._actions[f"pane:{key}"].setChecked(True)
        self._leave_drops_to_window()

    def set_pane(self, key: str, widget: QWidget) -> None:
        """Put a widget in a pane's place, so that the window can be shown before its panes are built."""
        entry, in_front = self._panes[key], self.current_pane() == key
        self._panes[key] = replace(entry, widget=widget)
        self._stack.insertWidget(self._stack.indexOf(entry.widget), widget)
        self._stack.removeWidget(entry.widget)
        entry.widget.deleteLater()
        if in_front:
            self._stack.setCurrentWidget(widget)
        self._leave_drops_to_window()

    def current_pane(self) -> str:
        """The key of the pane in front."""
        shown = self._stack.currentWidget()
        return next(key for key, entry in self._panes.items() if entry.widget is shown)

    def action(self, key: str) -> QAction:
        """A menu command, to enable or disable it."""
        return self._actions[key]

    def show_recent(self, paths: Sequence[str]) -> None:
        """Offer datasets to open again, in the File menu."""
        fill_recent(self._recent, paths, self._on_action)

    def set_engine(self, text: str, detail: str = "", progress: float | None = None) -> None:
        """What the engine is doing, at the foot of the sidebar; `progress` from 0 to 1, None for no bar."""
        self._sidebar.set_engine(text, detail, progress)

    def show_notice(self, text: str, tone: str = "bad") -> None:
        """A banner above the pane: what failed and what to do, or good news."""
        self._notice.show_message(text, tone)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.close_requested.emit()
        event.accept()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._leave_drops_to_window()
        if not self._warmed:
            self._warmed = True
            self.setFocus()
            QTimer.singleShot(WARM_UP_MILLISECONDS, self, _import_plots)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self._announce_paint)

    def _announce_paint(self) -> None:
        """Say that there is a window to furnish, unless it was closed at once: then the process just ends."""
        if self.isVisible():
            self.first_painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._drop.cover()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_files(event):
            event.acceptProposedAction()
            self._drop.cover()
            self._drop.show()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.hide()
        if paths := _dropped_files(event):
            event.acceptProposedAction()
            self.files_dropped.emit(paths)

    def _build(self, panes: Sequence[PaneEntry]) -> None:
        for entry in panes:
            self._stack.addWidget(entry.widget)
        banner = QWidget()
        row(self._notice, on=banner, inside=(28, 14, 28, 0))
        banner.hide()
        self._notice.closed.connect(banner.hide)
        self._notice.shown.connect(banner.show)
        right = column(banner, (self._stack, 1), gap=0)
        self._root.setObjectName("root")
        row(self._sidebar, (right, 1), on=self._root, gap=0)
        self.setCentralWidget(self._root)

    def _on_action(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._perform(str(action.data()))

    def _perform(self, key: str) -> None:
        kind, _, name = key.partition(":")
        if kind == "pane":
            self.show_pane(name)
        elif kind == "appearance":
            self._theme.set_mode(name)
        elif key in EDIT_KEYS:
            _edit(key)
        elif key in ("close", "quit"):
            self.close()
        self.action_triggered.emit(key)

    def _leave_drops_to_window(self) -> None:
        """Fields would take a dropped file as text; the window opens it instead."""
        for kind in (QLineEdit, QPlainTextEdit, QTextEdit):
            for field in self.findChildren(kind):
                field.setAcceptDrops(False)


class _DropHint(QFrame):
    """Covers the window while a file hovers over it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._covered = parent
        self.setObjectName("drop")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        label = PlainLabel("Drop to open")
        column((label, Qt.AlignmentFlag.AlignCenter), on=self)
        self.hide()

    def cover(self) -> None:
        self.setGeometry(self._covered.rect().adjusted(10, 10, -10, -10))
        self.raise_()


def _dropped_files(event: QDropEvent) -> list[str]:
    """The local files and folders of a drag."""
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]


def _edit(key: str) -> None:
    """Pass an Edit command to the field that has the focus, if it knows it."""
    method = getattr(QApplication.focusWidget(), key, None)
    if callable(method):
        method()


def _import_plots() -> None:
    """Bring pyqtgraph in after the first paint, so that the first plot appears at once."""
    import studio.ui.plots.curve  # noqa: F401
