"""The whole app in its window, with a home of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.dataset.store import source
from studio.paths import Paths
from studio.settings import Settings
from studio.ui.panes.dataset.large import LargeView
from studio.ui.theme import Theme


@pytest.fixture
def studio(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Studio]:
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    window.show()
    studio = Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
    yield studio
    window.close()
    window.deleteLater()


@pytest.fixture
def small_files_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of 10 KB are too big to hold."""
    monkeypatch.setattr(source, "LARGE", 10_000)


def opened_by_pages(studio: Studio, qtbot: QtBot, path: Path) -> LargeView:
    """The view of a big file, once all its rows are read."""
    studio.open_path(str(path))
    view = studio.dataset.large.view
    assert view is not None
    qtbot.waitUntil(lambda: view.bar.status.text().startswith("All"))
    return view
