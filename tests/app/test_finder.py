"""What Finder and the Dock hand over, and what is shown there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from studio.app.reveal import reveal
from tests.conftest import write_rows

PROGRAM = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QFileOpenEvent
from studio.app.start import Application
from studio.paths import Paths

home, *files = sys.argv[1:]
app = Application(["studio"], Paths.under(Path(home)))

def hand_over(*paths):
    for path in paths:
        QCoreApplication.sendEvent(app, QFileOpenEvent(QUrl.fromLocalFile(path)))

def until(so):
    while not so():
        app.processEvents()

opened, wanted = [], files[:2]
hand_over(*wanted, wanted[0])                      # two files, one of them twice, before there is a window
QCoreApplication.sendEvent(app, QFileOpenEvent(QUrl("https://example.org/rows.jsonl")))
app.window.first_painted.connect(app.build_studio)
app.window.show()
until(lambda: app.studio is not None)
until(lambda: app.studio.state.dataset is not None)
print("together", len(app.studio.state.dataset.rows))

app.window.showMinimized()
app.studio.window.show_pane("runs")
hand_over(files[0])
until(lambda: app.studio.state.dataset is not None and app.studio.state.dataset.path == files[0])
print("one", app.window.isMinimized(), app.window.current_pane())

hand_over(files[2])                                # a folder with a model
until(lambda: app.studio.state.recipe.model == files[2])
print("model", app.window.current_pane())
app.window.close()
"""


@pytest.mark.long
def test_files_of_finder_are_opened_together_also_before_there_is_a_window(
    tmp_path: Path, tiny_model: Path
) -> None:
    one, two = write_rows(tmp_path / "one.jsonl", 8), write_rows(tmp_path / "two.jsonl", 5)
    home = tmp_path / "home"
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(home), str(one), str(two), str(tiny_model)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["together 13", "one False dataset", "model training"]


def test_a_mac_selects_in_finder_and_others_open_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    run, rows = tmp_path / "a run", tmp_path / "rows.jsonl"
    run.mkdir()
    rows.touch()
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    monkeypatch.setattr(sys, "platform", "linux")
    reveal(run)
    reveal(rows)
    assert opened == [str(run), str(tmp_path)]
    told, program = tmp_path / "told", tmp_path / "open"  # a stand-in for the Mac's own
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > "{told}.new"; mv "{told}.new" "{told}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(sys, "platform", "darwin")
    reveal(rows)
    qtbot.waitUntil(told.exists)
    assert told.read_text() == f"-R|{rows}|"
