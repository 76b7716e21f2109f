"""From a command line to an open window, and from a closed one to the end of the process."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from studio.app.studio import Studio
from studio.paths import Paths
from studio.settings import read_settings
from studio.ui.theme import Theme

log = logging.getLogger(__name__)


class Application(QApplication):
    """The Qt application; files that Finder or the Dock hand over wait until there is a window."""

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self.setApplicationName("Tuning Studio")
        self.setOrganizationName("Tuning Studio")
        self.handed_over: list[str] = []
        self.studio: Studio | None = None

    def event(self, event: QEvent) -> bool:
        if not isinstance(event, QFileOpenEvent):
            return super().event(event)
        if self.studio is None:
            self.handed_over.append(event.file())
        else:
            self.studio.open_path(event.file())
        return True


def run_window(arguments: list[str]) -> int:
    """Open the window, with a dataset when one is named, until it is closed. Returns the exit code."""
    asked = _parse(arguments)
    paths = Paths.under(asked.home) if asked.home else Paths.for_user()
    _keep_log(paths)
    application = Application(sys.argv[:1])
    theme = Theme(application)
    theme.apply(application)
    studio = Studio(paths, theme, read_settings(paths.settings))
    _report_surprises(studio)
    studio.window.show()
    application.studio = studio
    QTimer.singleShot(0, studio.warm_up)
    named = [str(asked.data.expanduser().resolve())] if asked.data else []
    for path in [*named, *application.handed_over]:
        studio.open_path(path)
    return application.exec()


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("studio", description="Open the window of Tuning Studio.")
    parser.add_argument("data", nargs="?", type=Path, help="a dataset to open")
    parser.add_argument("--home", type=Path, help="keep everything the app writes under this folder")
    return parser.parse_args(arguments)


def _keep_log(paths: Paths) -> None:
    """Log to a file: a bundled app has no terminal, and libraries print where nobody looks."""
    if sys.stderr is None:
        sys.stderr = sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for good
    style = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    try:
        paths.home.mkdir(parents=True, exist_ok=True)
        logging.basicConfig(filename=paths.log, level=logging.INFO, format=style)
    except OSError:
        logging.basicConfig(level=logging.INFO, format=style)


def _report_surprises(studio: Studio) -> None:
    """Show what nobody expected in the window, and put the traceback in the log."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.error("".join(traceback.format_exception(kind, error, trace)))
        sentence = f"Something went wrong: {error or kind.__name__}. Details are in the log."
        studio.window.show_notice(sentence, "bad")

    sys.excepthook = hook
