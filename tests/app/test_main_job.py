"""The whole loop in the real window, on the starter: drop, train, stop, resume, evaluate, compare, close."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QThread, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio import __version__
from studio.app.start import make_window
from studio.app.studio import Studio
from studio.paths import Paths
from studio.settings import Settings, read_settings
from studio.ui.theme import Theme


@pytest.fixture(
    params=[pytest.param("thread", id="thread"), pytest.param("process", marks=pytest.mark.long, id="child")]
)
def studio(
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Studio]:
    """The app, its engine in the thread or in a process of its own."""
    monkeypatch.setenv("STUDIO_ENGINE", request.param)
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    window.show()
    studio = Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
    studio.warm_up()
    yield studio
    window.close()
    window.deleteLater()


def drop(window: QWidget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(500, 400), copy, data, left, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(500, 400), copy, data, left, none))


def click(qtbot: QtBot, pane: QWidget, text: str) -> None:
    """Press the one visible, enabled button that says `text`."""

    def found() -> list[QPushButton]:
        buttons = pane.findChildren(QPushButton)
        return [b for b in buttons if b.text() == text and b.isVisible() and b.isEnabled()]

    qtbot.waitUntil(lambda: len(found()) == 1)
    qtbot.mouseClick(found()[0], Qt.MouseButton.LeftButton)


def type_in(qtbot: QtBot, pane: QWidget, field: str, text: str) -> None:
    """Replace what stands in a field of the recipe, key by key."""
    editor = pane.findChild(QLineEdit, field)
    assert editor is not None
    editor.selectAll()
    qtbot.keyClicks(editor, text)


def title(pane: QWidget) -> str:
    return pane.header.title()  # type: ignore[attr-defined,no-any-return]


def test_a_person_goes_through_the_whole_loop(studio: Studio, qtbot: QtBot, starter: Path) -> None:
    window, panes = studio.window, studio.panes
    drop(window, starter / "instructions.jsonl")
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    assert window.current_pane() == "dataset"
    assert "800 examples" in panes.dataset.header.subtitle()

    window.show_pane("training")
    type_in(qtbot, panes.training, "loop.epochs", "1.5")
    window.show_pane("dataset")
    click(qtbot, panes.dataset, "Train on this")
    assert window.current_pane() == "training"
    qtbot.waitUntil(lambda: _step(studio) >= 8)
    click(qtbot, panes.training, "Stop")
    qtbot.waitUntil(lambda: not studio.training.busy)
    stopped_at = _step(studio)
    assert 8 <= stopped_at < 120
    qtbot.waitUntil(lambda: _state(studio) == "stopped")

    click(qtbot, panes.training, "Resume")
    qtbot.waitUntil(lambda: studio.training.busy and _step(studio) > stopped_at)
    panes.playground.set_prompt("What is the capital of France?")
    panes.playground.send()  # while the run trains
    qtbot.waitUntil(lambda: len(_answers(studio)) == 2)
    assert studio.training.busy
    qtbot.waitUntil(lambda: not studio.training.busy)
    assert _step(studio) == 120

    panes.evaluation.setup.suites.choose("quick")
    click(qtbot, panes.training, "Evaluate")
    assert window.current_pane() == "evaluation"
    qtbot.waitUntil(lambda: _exact(studio) is not None)
    base, tuned = _exact(studio) or (1.0, 0.0)
    assert tuned > base + 0.2
    assert panes.evaluation.results.verdict.headline.text().startswith("Better")

    panes.evaluation.results.tabs.choose("answers")
    click(qtbot, panes.evaluation, "Playground")
    assert window.current_pane() == "playground"
    qtbot.waitUntil(lambda: len(_answers(studio)) == 4)

    window.show_pane("runs")
    assert [r.name for r in studio.store.summaries()] == ["instructions-starter"]

    window.close()
    assert not any(thread.isRunning() for thread in studio.queue.findChildren(QThread))
    assert [t for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon] == []
    assert not [t for t in studio.findChildren(QTimer) if t.isActive()]
    assert not [w for w in QApplication.topLevelWidgets() if w.isVisible()]


@pytest.mark.long
def test_the_sample_starts_with_two_clicks_and_closing_in_the_middle_keeps_it(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    click(qtbot, studio.panes.dataset, "Try the sample")
    click(qtbot, studio.panes.dataset, "Train on this")
    assert studio.window.current_pane() == "training"
    qtbot.waitUntil(lambda: _step(studio) >= 3)
    studio.window.close()
    assert not any(thread.isRunning() for thread in studio.queue.findChildren(QThread))
    run = studio.store.summaries()[0]
    assert (run.state, run.resumable) == ("stopped", True)
    assert (run.folder / "checkpoints" / f"step-{run.step:06d}").is_dir()
    assert read_settings(tmp_path / "home" / "settings.json").width >= 1040


@pytest.mark.long
def test_a_run_that_goes_on_shows_its_own_recipe(studio: Studio, qtbot: QtBot) -> None:
    type_in(qtbot, studio.panes.training, "lora.rank", "5")
    click(qtbot, studio.panes.dataset, "Try the sample")
    click(qtbot, studio.panes.dataset, "Train on this")
    qtbot.waitUntil(lambda: _step(studio) >= 2)
    click(qtbot, studio.panes.training, "Stop")
    qtbot.waitUntil(lambda: not studio.training.busy)
    type_in(qtbot, studio.panes.training, "lora.rank", "9")
    studio.training.resume(studio.store.summaries()[0].name)
    assert studio.panes.training.recipe().lora.rank == 5


def test_an_objective_the_file_does_not_suit_can_be_taken_back(studio: Studio, qtbot: QtBot) -> None:
    click(qtbot, studio.panes.dataset, "Try the sample")
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    for objective, fits in (("dpo", False), ("sft", True)):
        studio.training.change({"objective": objective})
        qtbot.waitUntil(lambda: not studio.dataset.datasets.busy)
        assert studio.state.dataset is not None
        assert studio.panes.training.can_start() == fits


def test_about_says_which_version_this_is(studio: Studio, qtbot: QtBot) -> None:
    studio.window.action("about").trigger()
    box = studio.window.findChild(QMessageBox)
    assert box is not None
    assert __version__ in box.text()
    box.close()


def _step(studio: Studio) -> int:
    runs = studio.store.summaries()
    return runs[0].step if runs else 0


def _state(studio: Studio) -> str:
    run = studio.state.subjects.run("training")
    return run.state if run is not None else ""


def _exact(studio: Studio) -> tuple[float, float] | None:
    run = studio.state.subjects.run("evaluation")
    if run is None or run.base_exact is None or run.tuned_exact is None:
        return None
    return run.base_exact, run.tuned_exact


def _answers(studio: Studio) -> list[str]:
    exchanges = studio.panes.playground.columns.exchanges
    feet = [exchange.foot(who) for exchange in exchanges for who in ("base", "tuned")]
    return [foot for foot in feet if "tok/s" in foot]
