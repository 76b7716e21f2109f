"""From a command line to an open window, and from a closed one to the end of the process.

The window paints before its panes are built, and before anything heavy is imported: the person sees it
within half a second of the process's start.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLibraryInfo, QPoint, QRect, QSize, Qt, QTranslator, Slot
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QWidget

from studio.app.details import COPY, COPY_DETAILS
from studio.crashes import find_crash, watched
from studio.language import tr
from studio.logs import clean, keep_logs
from studio.paths import Paths
from studio.settings import Settings, read_settings
from studio.ui.theme import Theme
from studio.ui.widgets.timing import Debounce
from studio.ui.window import MINIMUM, MainWindow, PaneEntry

if TYPE_CHECKING:
    from studio.app.studio import Studio

log = logging.getLogger(__name__)


TOGETHER_MILLISECONDS = 50
"""Finder and the Dock hand several files over one by one; what comes within this time came together."""


class Application(QApplication):
    """The Qt application; files that Finder or the Dock hand over wait until the window is furnished."""

    def __init__(self, arguments: list[str], paths: Paths, crash: Path | None = None) -> None:
        super().__init__(arguments)
        self.setApplicationName("Tuning Studio")
        self.setOrganizationName("Tuning Studio")
        self._paths, self._crash = paths, crash
        self._settings = read_settings(paths.settings)
        self._let_qt_speak()
        self._waiting: list[str] = []
        self._arrival = Debounce(self, TOGETHER_MILLISECONDS, self._open_waiting)
        self.theme = Theme(self)
        self.theme.apply(self)
        self.theme.set_still(self._settings.still)
        self.window = make_window(self.theme, self._settings)
        self.studio: Studio | None = None

    def _let_qt_speak(self) -> None:
        """Have Qt's own words, of its dialogs and of menus at the mouse, in the language spoken."""
        translator = QTranslator(self)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if translator.load(f"qtbase_{os.environ.get('LANGUAGE', '')}", folder):
            self.installTranslator(translator)

    def open_path(self, path: str) -> None:
        """Open a dataset or a model's folder, with what comes together with it, as soon as possible."""
        if path not in self._waiting:
            self._waiting.append(path)
        self._arrival.trigger()

    @Slot()
    def _open_waiting(self) -> None:
        """Open what came together as what is dropped together, and show the window that it goes to."""
        if self.studio is None or not self._waiting:
            return
        paths, self._waiting = self._waiting, []
        self.window.come_forward()
        self.studio.open_paths(paths)

    @Slot()
    def build_studio(self) -> Studio:
        """Build the panes and what is behind them; called once, after the first paint."""
        from studio.app.studio import Studio

        self.studio = studio = Studio(self._paths, self.theme, self._settings, self.window)
        studio.warm_up()
        brings = bool(self._waiting)
        studio.session.begin(brings_dataset=brings)
        if self._crash is not None:
            studio.session.say_crashed(self._crash)
        self._open_waiting()
        if studio.session.is_first() and not brings:
            studio.tour.begin()
        return studio

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):
            if event.file():  # an address of the web has none
                self.open_path(event.file())
            return True
        if event.type() == QEvent.Type.Quit and self.window.isVisible():  # from the Dock, or at log-out
            self.window.ask_to_close()
            return True
        return super().event(event)


def make_window(theme: Theme, settings: Settings) -> MainWindow:
    """The window with empty panes."""
    theme.set_mode(settings.appearance)
    window = MainWindow(
        theme,
        (
            PaneEntry("dataset", tr("Dataset"), "database", QWidget(), ""),
            PaneEntry("training", tr("Training"), "chart-line", QWidget(), ""),
            PaneEntry("evaluation", tr("Evaluation"), "scale", QWidget(), ""),
            PaneEntry("playground", tr("Playground"), "messages-square", QWidget(), ""),
            PaneEntry("runs", tr("Runs"), "history", QWidget(), tr("Library")),
            PaneEntry("models", tr("Models"), "hard-drive", QWidget(), tr("Library")),
        ),
    )
    if settings.text_size > 100:  # the smallest window is larger, too, and the screen may be smaller
        window.setMinimumSize(MINIMUM.boundedTo(window.screen().availableSize()))
    _put_back(window, settings)
    if settings.maximized:
        window.setWindowState(Qt.WindowState.WindowMaximized)
    window.set_engine(tr("Starting"))
    return window


def _put_back(window: MainWindow, settings: Settings) -> None:
    """Put the window where it was; where that screen is gone, let the system place it, no larger than one."""
    size = QSize(settings.width, settings.height)
    if settings.left is None or settings.top is None:
        window.resize(size)
    elif _is_on_a_screen(settings.left + settings.width // 2, settings.top + 10):
        window.setGeometry(
            QRect(QPoint(settings.left, settings.top), size)
        )  # as it is kept: without its frame
    else:
        window.resize(size.boundedTo(window.screen().availableSize()))


def _is_on_a_screen(middle: int, top: int) -> bool:
    """Whether a window with its top there can be taken hold of."""
    return any(screen.availableGeometry().contains(middle, top) for screen in QApplication.screens())


def run_window(data: str = "", home: str = "", *, debug: bool = False) -> int:
    """Open the window until it is closed. Returns the exit code."""
    paths = _paths(home)
    crash = find_crash(paths)
    with watched(paths):
        return open_window(data, home, debug=debug, crash=crash).exec()


def open_window(
    data: str = "", home: str = "", *, debug: bool = False, crash: Path | None = None
) -> Application:
    """The application with its window on the screen, and a dataset waiting when one is named.

    `home` is the folder for everything the app writes; with `debug` what fails is told on stderr, too.
    `crash` is the report of a window that ended unexpectedly, which this one tells of.
    """
    paths = _paths(home)
    keep_logs(paths)
    scale = read_settings(paths.settings).text_size
    if scale != 100:  # which Qt reads once, before there is an application
        os.environ.setdefault("QT_SCALE_FACTOR", str(scale / 100))
    application = Application(sys.argv[:1], paths, crash)
    _report_surprises(application.window, debug=debug)
    if data:
        application.open_path(str(Path(data).expanduser().resolve()))
    application.window.first_painted.connect(application.build_studio)
    application.window.show()
    return application


def _paths(home: str) -> Paths:
    return Paths.under(Path(home)) if home else Paths.for_user()


def _report_surprises(window: MainWindow, *, debug: bool) -> None:
    """Show what nobody expected in the window, and put the traceback in the log."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        report = "".join(traceback.format_exception(kind, error, trace))
        log.error("Something went wrong", exc_info=(kind, error, trace))
        if debug:
            sys.stderr.write(clean(report))
        from studio.failures import said_of  # pydantic, which no window needs to be seen

        window.show_notice(clean(str(said_of(error))), "bad", action=COPY, key=COPY_DETAILS)

    sys.excepthook = hook
