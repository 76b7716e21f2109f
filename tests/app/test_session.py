"""The next session begins where the last one ended, and quitting during a run asks and keeps it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtWidgets import QApplication, QProgressBar, QSplitter, QWidget
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.paths import Paths
from studio.settings import Settings, read_settings, write_settings
from studio.ui.panes.training.ready import NextData
from studio.ui.theme import Theme
from studio.ui.widgets.style import show_progress
from tests.app.test_run_menu import stored_run


@pytest.fixture
def begin(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[], Studio]]:
    """Starts the app with what the session before left in the home; all that were started end in the end."""
    begun: list[Studio] = []

    def start() -> Studio:
        paths, theme = Paths.under(tmp_path / "home"), Theme(qapp)
        settings = read_settings(paths.settings)
        theme.apply(qapp)
        window = make_window(theme, settings)
        window.show()
        studio = Studio(paths, theme, settings, window)
        studio.warm_up()
        studio.session.begin()
        begun.append(studio)
        return studio

    yield start
    for studio in begun:
        studio.window.close()
        studio.window.deleteLater()
    Theme(qapp).set_mode("light")


class Shown(QObject):
    """Notes which widgets are shown as windows."""

    def __init__(self) -> None:
        super().__init__()
        self.windows: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.windows.append(type(watched).__name__)
        return False


def test_nothing_but_the_window_flashes_on_the_screen_while_its_panes_are_built_and_get_a_run(
    begin: Callable[[], Studio], qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    stored_run(tmp_path / "home", "first", outcome="done")
    shown = Shown()
    qapp.installEventFilter(shown)
    studio = begin()
    qtbot.waitUntil(lambda: studio.state.subjects.run("playground") is not None)
    qtbot.waitUntil(lambda: studio.queue.idle)
    qapp.removeEventFilter(shown)
    assert shown.windows == ["MainWindow"]


@pytest.mark.long
def test_dataset_recipe_pane_and_place_come_back(
    begin: Callable[[], Studio], qtbot: QtBot, tmp_path: Path
) -> None:
    table = tmp_path / "fragen.csv"
    table.write_text("Frage,Antwort\n" + "".join(f"Was ist {n}?,Es ist {n}.\n" for n in range(20)))
    first = begin()
    first.dataset.datasets.read_columns(str(table), "prompt=Frage, answer=Antwort")
    qtbot.waitUntil(lambda: first.state.dataset is not None)
    first.training.change({"lora.rank": 4, "loop.epochs": 7})
    first.window.show_pane("training")
    first.window.setGeometry(40, 50, 1100, 700)
    first.window.close()
    second = begin()
    assert second.window.windowTitle() == "Tuning Studio"
    assert second.window.current_pane() == "training"
    assert second.window.geometry() == QRect(40, 50, 1100, 700)
    recipe = second.panes.training.recipe()
    assert (recipe.lora.rank, recipe.loop.epochs) == (4, 7)
    qtbot.waitUntil(lambda: second.state.dataset is not None)
    assert second.state.dataset is not None
    assert len(second.state.dataset.rows) == 20
    assert second.window.windowTitle() == "fragen.csv \N{EM DASH} Tuning Studio"
    assert second.window.current_pane() == "training"


@pytest.mark.long
def test_the_lines_between_the_parts_of_a_pane_come_back_where_they_were_dragged_to(
    begin: Callable[[], Studio], qapp: QApplication
) -> None:
    for session in ("drags", "does not look", "looks"):
        studio = begin()
        studio.window.resize(1200, 1300)
        studio.panes.training.show_dataset(NextData("support", 32, 4))
        studio.window.show_pane("training" if session != "does not look" else "dataset")
        qapp.processEvents()
        across = studio.panes.training.findChild(QSplitter, "recipe and run")
        down = studio.panes.training.findChild(QSplitter, "plots and log")
        assert isinstance(across, QSplitter)
        assert isinstance(down, QSplitter)
        if session == "drags":
            before = across.sizes()
            across.moveSplitter(430, 1)
            down.moveSplitter(down.sizes()[0] - 40, 1)
            dragged = across.sizes(), down.sizes()
            assert across.sizes() != before
        if session == "looks":
            assert (across.sizes(), down.sizes()) == dragged
        studio.window.close()


def test_a_window_does_not_wander_from_start_to_start_nor_stand_where_no_screen_is(
    qapp: QApplication, qtbot: QtBot
) -> None:
    theme = Theme(qapp)
    theme.apply(qapp)
    settings, asked = Settings(left=40, top=50, width=1100, height=700), {"left": 40, "top": 50}
    for _ in range(3):
        window = make_window(theme, settings)
        qtbot.addWidget(window)
        window.show()
        assert window.frameGeometry() != window.geometry()  # so that one could be taken for the other
        assert window.place() == {**asked, "width": 1100, "height": 700, "maximized": False}
        settings = replace(settings, **window.place())
        window.close()
    gone = make_window(theme, Settings(left=5_000, top=0, width=3_840, height=2_100))
    qtbot.addWidget(gone)
    gone.show()
    room = gone.screen().availableSize().expandedTo(gone.minimumSize())
    assert gone.geometry().x() < 5_000
    assert gone.size() == gone.size().boundedTo(room)


def test_what_is_gone_or_cannot_be_read_does_not_come_back(
    begin: Callable[[], Studio], qtbot: QtBot, tmp_path: Path
) -> None:
    kept = Settings(dataset=str(tmp_path / "gone.jsonl"), recipe={"lora": {"colour": 3}}, left=30_000, top=0)
    write_settings(tmp_path / "home" / "settings.json", kept)
    studio = begin()
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert studio.state.dataset is None
    assert studio.panes.training.recipe().lora.rank == 16
    assert studio.window.x() < 30_000


def test_nothing_comes_back_where_that_is_not_wished(
    begin: Callable[[], Studio], tmp_path: Path, starter: Path
) -> None:
    kept = Settings(dataset=str(starter / "instructions.jsonl"), pane="runs", reopen=False)
    write_settings(tmp_path / "home" / "settings.json", kept)
    studio = begin()
    assert studio.state.recipe.data.path == ""
    assert studio.window.current_pane() == "dataset"


def test_a_run_that_was_stopped_is_offered_once(
    begin: Callable[[], Studio], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_run(tmp_path / "home", "support", last=24)
    studio = begin()
    notice = studio.window.notice()
    qtbot.waitUntil(notice.isVisible)
    assert notice.text() == "Run support was stopped at step 24 of 48."
    resumed: list[str] = []
    monkeypatch.setattr(studio.training, "resume", resumed.append)
    notice.action.click()
    assert resumed == ["support"]
    studio.runs.refresh()
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert not notice.isVisible()


def test_a_run_that_is_done_is_not_offered(begin: Callable[[], Studio], qtbot: QtBot, tmp_path: Path) -> None:
    stored_run(tmp_path / "home", "support", last=48, outcome="done")
    studio = begin()
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert not studio.window.notice().isVisible()


def test_quitting_while_a_run_trains_asks_and_keeps_it(begin: Callable[[], Studio], qtbot: QtBot) -> None:
    studio = begin()
    studio.dataset.datasets.open_sample()
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.training.change({"loop.steps": 4000})
    studio.panes.training.start()
    qtbot.waitUntil(lambda: studio.panes.training._state == "running")
    studio.window.action("quit").trigger()
    question = studio.session.question
    assert question is not None
    question.cancel.click()
    assert studio.window.isVisible()
    assert studio.training.busy
    studio.window.action("close").trigger()
    assert studio.session.question is not None
    studio.session.question.agree.click()
    assert not studio.window.isVisible()
    [run] = studio.store.summaries()
    assert run.state == "stopped"
    assert run.resumable


def test_without_a_run_quitting_does_not_ask(begin: Callable[[], Studio]) -> None:
    studio = begin()
    studio.window.action("quit").trigger()
    assert studio.session.question is None
    assert not studio.window.isVisible()


@pytest.mark.long
def test_settings_are_asked_for_and_kept(begin: Callable[[], Studio], qtbot: QtBot, tmp_path: Path) -> None:
    studio = begin()
    studio.window.action("settings").trigger()
    dialog = studio.session.dialog
    assert dialog is not None
    dialog.appearance.setCurrentIndex(dialog.appearance.findData("dark"))
    dialog.text_size.setCurrentIndex(dialog.text_size.findData(125))
    dialog.still.setChecked(True)
    dialog.reopen.setChecked(False)
    dialog.notify.setChecked(False)
    dialog.agree.click()
    bar = QProgressBar()
    qtbot.addWidget(bar)
    show_progress(bar, 0, None)
    assert bar.maximum() > 0  # it stands
    assert studio.window.action("appearance:dark").isChecked()
    studio.window.close()
    kept = read_settings(tmp_path / "home" / "settings.json")
    assert (kept.appearance, kept.text_size, kept.still) == ("dark", 125, True)
    assert (kept.reopen, kept.notify) == (False, False)
    Theme(QApplication.instance()).set_still(False)
    QApplication.instance().setProperty("still", False)


def test_larger_text_is_larger_in_everything(tmp_path: Path) -> None:
    write_settings(tmp_path / "settings.json", Settings(text_size=125))
    code = (
        "import json\n"
        "from PySide6.QtCore import QTimer\n"
        "from studio.app import start\n"
        "class Seen(start.Application):\n"
        "    def exec(self):\n"
        "        print(json.dumps(self.window.devicePixelRatioF()))\n"
        "        return 0\n"
        "start.Application = Seen\n"
        f"start.run_window(home={str(tmp_path)!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == 1.25
