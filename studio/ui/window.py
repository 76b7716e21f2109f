"""The window: sidebar, panes, menu bar, banner, and the place where files are dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QSplitter,
    QStackedWidget,
    QTextEdit,
    QWidget,
)

from studio.language import tr
from studio.ui.menus import EDIT, fill_menu_bar, fill_recent
from studio.ui.pane_menu import PaneMenu
from studio.ui.sidebar import PaneEntry, Sidebar
from studio.ui.theme import Theme
from studio.ui.widgets.drop import DropHint, accept_copy, dropped_files, offer_copy
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.states import Notice

__all__ = ["MainWindow", "PaneEntry"]

TITLE = "Tuning Studio"
MINIMUM = QSize(1040, 680)
DEFAULT = QSize(1280, 820)
WARM_UP_MILLISECONDS = 300
EDIT_KEYS = {command.key for command in EDIT if command.key}
ROWS = ("undo", "redo", "paste")
"""What the Edit menu does with the rows of a dataset, too."""

BEFORE_VIEW = 3
"""The place of the menu of the pane in front."""

SEARCH = "search"
"""The object name of a pane's search field, where Find goes."""


class MainWindow(QMainWindow):
    """Shows the panes it is given and announces what the person wants; it decides nothing itself."""

    action_triggered = Signal(str)  # a Command's key
    files_dropped = Signal(object)  # paths
    first_painted = Signal()  # the person sees the window: now there is time for what is heavy
    close_requested = Signal()
    pane_shown = Signal(str)
    engine_changed = Signal(object)  # how far the engine is from 0 to 1, or None
    menu_opening = Signal()  # the last moment to disable what cannot act

    def __init__(self, theme: Theme, panes: Sequence[PaneEntry]) -> None:
        super().__init__()
        self._theme = theme
        self.may_close: Callable[[], bool] = lambda: True
        """Asked before the person closes the window; what says no sees to the rest itself."""
        self._warmed = False
        self._painted = False
        self.setWindowTitle(TITLE)
        self.setMinimumSize(MINIMUM)
        self.resize(DEFAULT)
        self.setAcceptDrops(True)
        self._sidebar, self._stack = Sidebar(panes), QStackedWidget()
        self._pages = {entry.key: _Page(entry.widget) for entry in panes}
        self.root, self.announcement = QWidget(), Notice()
        self._build()
        self._drop = DropHint(self.root, tr("Drop to open"), 10)
        self._own: dict[str, Callable[[], object]] = {
            "close": self.ask_to_close,
            "quit": self.ask_to_close,
            "find": self._find,
            "minimize": self.showMinimized,
            "zoom": self._zoom,
            "front": self.come_forward,
            "full_screen": self._toggle_full_screen,
        }
        self._actions = fill_menu_bar(
            self.menuBar(), ((entry.key, entry.title) for entry in panes), self._on_action, self._offer
        )
        self._pane_menu = PaneMenu(self.menuBar())
        self._pane_menu.aboutToShow.connect(self._list_actions)
        self.menuBar().insertMenu(self.menuBar().actions()[BEFORE_VIEW], self._pane_menu)
        self._recent = Menu(self)
        self._actions["recent"].setMenu(self._recent)
        self.show_recent(())
        self._actions[f"appearance:{theme.mode}"].setChecked(True)
        self._sidebar.chosen.connect(self.show_pane)
        QApplication.instance().focusChanged.connect(self._keep_focus)  # type: ignore[union-attr]
        if panes:
            self.show_pane(panes[0].key)

    def show_pane(self, key: str) -> None:
        """Bring a pane to the front."""
        self._stack.setCurrentWidget(self._pages[key])
        self._sidebar.select(key)
        self._actions[f"pane:{key}"].setChecked(True)
        self._leave_drops_to_window()
        self._offer(False)
        self._list_actions()
        if not self._sidebar.isAncestorOf(QApplication.focusWidget() or self):  # keys go on through it there
            self.pane(key).setFocus()
        self.pane_shown.emit(key)

    def set_pane(self, key: str, widget: QWidget) -> None:
        """Put a widget in a pane's place, so that the window can be shown before its panes are built."""
        self._pages[key].set_pane(widget)
        self._leave_drops_to_window()
        self._offer(False)

    def current_pane(self) -> str:
        """The key of the pane in front."""
        shown = self._stack.currentWidget()
        return next(key for key, page in self._pages.items() if page is shown)

    def pane(self, key: str = "") -> QWidget:
        """A pane's widget; without a key, that of the pane in front."""
        return self._pages[key or self.current_pane()].pane

    def set_subject(self, name: str) -> None:
        """Say in the title bar which dataset the window is about, if it is about one."""
        self.setWindowTitle(f"{name} \N{EM DASH} {TITLE}" if name else TITLE)

    def action(self, key: str) -> QAction:
        """A menu command, to enable or disable it."""
        return self._actions[key]

    def show_recent(self, paths: Sequence[str]) -> None:
        """Offer datasets to open again, in the File menu."""
        fill_recent(self._recent, paths, self._on_action)

    def set_engine(self, text: str, detail: str = "", progress: float | None = None) -> None:
        """What the engine is doing, at the foot of the sidebar; `progress` from 0 to 1, None for no bar."""
        self._sidebar.set_engine(text, detail, progress)
        self.engine_changed.emit(progress)

    def set_awake(self, held: bool) -> None:
        """Whether the computer is kept awake for what the engine is doing."""
        self._sidebar.set_awake(held)

    def notice(self, pane: str = "") -> Notice:
        """The banner of a pane, or of the one in front."""
        return self._pages[pane or self.current_pane()].notice

    def key_of(self, widget: object) -> str:
        """The key of a pane by its widget; nothing for what is no pane."""
        return next((key for key, page in self._pages.items() if page.pane is widget), "")

    def show_notice(
        self,
        text: str,
        tone: str = "bad",
        *,
        pane: str = "",
        action: str = "",
        key: str = "",
        cause: str = "",
    ) -> None:
        """A banner over a pane (the one in front, unless another is named), which comes and goes with it.

        It says what failed and what to do, or good news; a button called `action` announces `key`. It leaves
        with its `cause`, if one is named.
        """
        self.notice(pane).show_message(text, tone, action, key, cause)

    def announce(self, text: str, tone: str = "warn", *, action: str = "", key: str = "") -> None:
        """A banner above all panes, for what concerns the whole app; it stays until it is closed."""
        self.announcement.show_message(text, tone, action, key)

    def end_notice(self, cause: str) -> None:
        """Take away what was said because of this, over whichever pane."""
        for page in self._pages.values():
            page.notice.end(cause)

    def place(self) -> dict[str, Any]:
        """Where the window is and how large, as the settings keep it; of a maximized one, where it was."""
        normal = self.normalGeometry() if self.isMaximized() or self.isFullScreen() else self.geometry()
        sizes = {"left": normal.x(), "top": normal.y(), "width": normal.width(), "height": normal.height()}
        return {**sizes, "maximized": self.isMaximized()}

    def splits(self) -> dict[str, list[int]]:
        """Where the lines between parts of panes were dragged to, in pixels, by the splitters' names."""
        named = (split for split in self.findChildren(QSplitter) if split.objectName())
        return {split.objectName(): split.sizes() for split in named if any(split.sizes())}

    def place_splits(self, sizes: Mapping[str, Sequence[int]]) -> None:
        """Put the lines between parts of panes where they were."""
        for split in self.findChildren(QSplitter):
            if len(kept := sizes.get(split.objectName(), ())) == split.count():
                split.setSizes(kept)

    def come_forward(self) -> None:
        """Put the window and its dialogs before those of other programs, also out of the Dock."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        for each in (self, *self.findChildren(QDialog)):
            if each.isVisible():
                each.raise_()
        self.activateWindow()

    def ask_to_close(self) -> None:
        """Close, unless there is something to ask first."""
        if self.may_close():
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if event.spontaneous() and not self.may_close():
            event.ignore()
            return
        self.close_requested.emit()
        event.accept()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ThemeChange:  # what Qt tells a window, and not the application
            # Not now: all widgets would be styled anew while Qt still goes through them.
            QTimer.singleShot(0, self._theme, self._theme.look_again)
        return super().event(event)

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
        if offer_copy(event):
            self._drop.appear()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        offer_copy(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.hide()
        if paths := dropped_files(event):
            accept_copy(event)
            self.files_dropped.emit(paths)

    def _build(self) -> None:
        for page in self._pages.values():
            self._stack.addWidget(page)
            page.notice.chosen.connect(self.action_triggered)
        self.root.setObjectName("root")
        banner = _banner(self.announcement)
        self.announcement.chosen.connect(self.action_triggered)
        right = column(banner, (self._stack, 1), gap=0)
        side = row(self._sidebar, on=self.root, gap=0)
        side.addLayout(right, 1)
        self.setCentralWidget(self.root)

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
        elif command := self._own.get(key):
            command()
        self.action_triggered.emit(key)

    def _offer(self, shown: bool) -> None:
        """While a menu is shown, disable what cannot act; keys work whenever there may be something to do."""
        searches = self._searches()
        visible = any(search.isVisible() for search in searches)
        self._actions["find"].setEnabled(visible if shown else bool(searches))
        focused = QApplication.focusWidget()
        for key in EDIT_KEYS:
            of_rows = key in ROWS and self.current_pane() == "dataset"
            self._actions[key].setEnabled(not shown or of_rows or callable(getattr(focused, key, None)))
        if shown:
            self.menu_opening.emit()

    def _list_actions(self) -> None:
        self._pane_menu.list_actions(self.pane())

    def _find(self) -> None:
        """Put the cursor into the search of the pane in front."""
        for search in self._searches():
            if search.isVisible():
                search.setFocus(Qt.FocusReason.ShortcutFocusReason)
                search.selectAll()

    def _searches(self) -> list[QLineEdit]:
        return self.pane().findChildren(QLineEdit, SEARCH)

    def _zoom(self) -> None:
        self.showNormal() if self.isMaximized() else self.showMaximized()

    def _toggle_full_screen(self) -> None:
        self.showNormal() if self.isFullScreen() else self.showFullScreen()

    def _keep_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        """Where what has the focus goes, Qt passes it on to the sidebar; the pane keeps it instead."""
        gone = before is not None and not (before.isVisible() and before.isEnabled())
        if gone and now is not None and self._sidebar.isAncestorOf(now):
            self.pane().setFocus()

    def _leave_drops_to_window(self) -> None:
        """Fields would take a dropped file as text; the window opens it instead."""
        for kind in (QLineEdit, QPlainTextEdit, QTextEdit):
            for field in self.findChildren(kind):
                field.setAcceptDrops(False)


class _Page(QWidget):
    """A pane below its own banner."""

    def __init__(self, pane: QWidget) -> None:
        super().__init__()
        self.pane, self.notice = pane, Notice()
        self._column = column(_banner(self.notice), (pane, 1), on=self, gap=0)

    def set_pane(self, pane: QWidget) -> None:
        """Put another widget in the pane's place."""
        self._column.replaceWidget(self.pane, pane)
        self._column.setStretchFactor(pane, 1)
        self.pane.deleteLater()
        self.pane = pane


def _banner(notice: Notice) -> QWidget:
    """The room that a notice takes, while it is shown."""
    banner = QWidget()
    row(notice, on=banner, inside=(28, 14, 28, 0))
    banner.hide()
    notice.closed.connect(banner.hide)
    notice.shown.connect(banner.show)
    return banner


def _edit(key: str) -> None:
    """Pass an Edit command to the field that has the focus, if it knows it."""
    method = getattr(QApplication.focusWidget(), key, None)
    if callable(method):
        method()


def _import_plots() -> None:
    """Bring pyqtgraph in after the first paint, so that the first plot appears at once."""
    import studio.ui.plots.curve  # noqa: F401
