"""Where something lies, shown in the system's own window of files."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def reveal(path: Path) -> None:
    """Select it in Finder; elsewhere open the folder, or the one that a file lies in."""
    if sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
        return
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path if path.is_dir() else path.parent)))
