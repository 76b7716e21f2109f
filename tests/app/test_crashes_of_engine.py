"""The engine crashes at any moment of a run in the real window: the window lives, the run loses nothing."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from studio.app import hanging
from studio.app.start import make_window
from studio.app.studio import Studio
from studio.events import Step, Validated
from studio.paths import Paths
from studio.runs.folder import RunFolder
from studio.settings import Settings
from studio.ui.theme import Theme
from tests.conftest import write_rows
from tests.jobs.test_child import engines, weights

ROUNDS = int(os.environ.get("STUDIO_CRASH_ROUNDS", "10"))
CRASHES = [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT] * ROUNDS
STEPS = 12 * ROUNDS


@pytest.fixture
def studio(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    """The app, its engine a process, ready to train the starter."""
    monkeypatch.setenv("STUDIO_ENGINE", "process")
    monkeypatch.setattr(hanging, "PATIENCE_MILLISECONDS", 300)
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    window.show()
    studio = Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
    studio.open_path(str(write_rows(tmp_path / "rows.jsonl", 24)))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    values = {"loop.steps": STEPS, "loop.save_every": 2, "loop.batch_size": 2, "lora.dropout": 0.1}
    studio.training.change({**values, "lora.rank": 2, "data.max_length": 64, "watch.forgetting": False})
    qtbot.waitUntil(lambda: studio.queue.idle)
    window.show_pane("training")
    yield studio
    window.close()
    window.deleteLater()
    assert engines() == []


def press(studio: Studio, qtbot: QtBot, text: str) -> None:
    buttons = studio.panes.training.findChildren(QPushButton)
    shown = (each for each in buttons if each.text() == text and each.isVisible())  # also beside a failure
    qtbot.mouseClick(next(shown), Qt.MouseButton.LeftButton)


def curve(run: RunFolder) -> list[tuple[int, float]]:
    """The losses of training and validation, step by step; what was computed again counts as it came last."""
    losses = {
        (each.kind, each.step): each.loss for each in run.events() if isinstance(each, Step | Validated)
    }
    return [(step, loss) for (_, step), loss in sorted(losses.items())]


def steps_on_show(studio: Studio) -> int:
    step = studio.panes.training._story.step
    return step.step if step is not None else 0


def crash(studio: Studio, qtbot: QtBot, number: signal.Signals) -> bool:
    """Have the engine crash; whether the run at work failed by it, and was not just begun by a fresh one."""
    (engine,) = engines()
    engine.send_signal(number)
    qtbot.waitUntil(lambda: not engine.is_running())
    qtbot.waitUntil(lambda: not studio.training.busy or bool(engines()))
    qtbot.wait(200)  # a fresh one may be asked for something before the window hears of the end
    return not studio.training.busy


@pytest.mark.long
def test_thirty_crashes_leave_the_window_alive_and_the_run_bit_for_bit(studio: Studio, qtbot: QtBot) -> None:
    pane, chance, told = studio.panes.training, random.Random(5), 0
    press(studio, qtbot, "Start training")
    qtbot.waitUntil(lambda: pane.state() == "done")
    (whole,) = studio.store.runs()
    press(studio, qtbot, "Train again")
    qtbot.waitUntil(lambda: pane.state() == "running")
    (run,) = (each for each in studio.store.runs() if each.name != whole.name)
    for number in CRASHES:
        qtbot.waitUntil(lambda: bool(engines()))
        if chance.random() < 0.8:
            wanted = step_of(run) + chance.randint(1, 3)
            qtbot.waitUntil(
                lambda wanted=wanted: pane.state() == "running" and steps_on_show(studio) >= wanted
            )
        qtbot.wait(chance.randrange(300))
        if not crash(studio, qtbot, number):
            continue
        assert pane.state() in ("failed", "overloaded", "stopped")
        assert studio.window.isVisible()
        told += pane.failure.text().endswith(f"it goes on from its last checkpoint at step {step_of(run)}.")
        press(studio, qtbot, "Resume")
    qtbot.waitUntil(lambda: pane.state() == "done")
    assert told > len(CRASHES) // 2
    assert weights(run) == weights(whole)
    assert curve(run) == curve(whole)
    assert len(curve(run)) > STEPS


@pytest.mark.long
def test_an_engine_that_does_not_stop_is_told_of_and_ended_when_asked(studio: Studio, qtbot: QtBot) -> None:
    pane = studio.panes.training
    press(studio, qtbot, "Start training")
    qtbot.waitUntil(lambda: steps_on_show(studio) > 2)
    (engine,) = engines()
    engine.suspend()
    press(studio, qtbot, "Stop")
    notice = studio.window.notice("training")
    qtbot.waitUntil(lambda: notice.isVisible() and notice.text() == hanging.SILENT)
    studio.window.action_triggered.emit(hanging.END_ENGINE)
    qtbot.waitUntil(lambda: pane.state() == "failed")
    assert "you ended it" in pane.failure.text()
    assert not notice.isVisible()
    press(studio, qtbot, "Resume")
    qtbot.waitUntil(lambda: pane.state() == "done")


def step_of(run: RunFolder) -> int:
    """The newest checkpoint's, or 0."""
    return max((int(each.name.removeprefix("step-")) for each in run.checkpoints()), default=0)
