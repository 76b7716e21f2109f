"""What is seen of a run while nobody looks at the window, and that the computer stays awake over it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from studio.app import presence
from studio.app.studio import Studio
from studio.jobs.job import Failed
from studio.runs.folder import RunFolder
from studio.settings import Settings
from studio.ui.dock_icon import DockIcon, with_bar
from tests.conftest import write_rows
from tests.macos.runtime import StandIn

AWAKE = "Keeps this Mac awake"
APP = {"bundlePath": "/Applications/Tuning Studio.app", "bundleIdentifier": "studio"}


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The app that was built, on a Mac whose last C functions write down what they are asked."""
    mac = StandIn(answers=APP)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(presence, "here", mac.runtime)
    return mac


@pytest.fixture
def icon(qapp: QApplication) -> QIcon:
    """A blue icon of the app's own, taken away again."""
    picture = QPixmap(256, 256)
    picture.fill(QColor("#204080"))
    return QIcon(picture)


def asked(mac: StandIn, selector: str) -> list[str]:
    return [each for each in mac.heard if f" {selector}" in each]


def says_awake(studio: Studio) -> bool:
    return any(label.text() == AWAKE and label.isVisible() for label in studio.window.findChildren(QLabel))


@pytest.mark.long
def test_a_run_holds_the_mac_awake_and_one_that_ends_unseen_says_so(
    mac: StandIn, studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    studio.open_path(str(write_rows(tmp_path / "rows.jsonl", 16)))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.training.change({"loop.steps": 2, "lora.rank": 2, "watch.forgetting": False})
    studio.window.action("start").trigger()
    assert says_awake(studio)
    assert len(asked(mac, "beginActivityWithOptions")) == 1
    assert len(asked(mac, "requestAuthorizationWithOptions")) == 1
    studio.window.hide()  # and nothing of the app is in front
    qtbot.waitUntil(lambda: studio.queue.idle)
    run = studio.state.subjects.name("training")
    assert asked(mac, "setTitle:")[0].endswith(f"“Run {run} is done”")
    assert studio.panes.training.sentence() in asked(mac, "setBody:")[0]
    assert len(asked(mac, "endActivity:")) == 1
    studio.window.show()
    assert not says_awake(studio)


def test_a_run_that_cannot_begin_is_told_to_who_looks_elsewhere(
    mac: StandIn, studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", 12)
    studio.open_path(str(rows))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    rows.unlink()
    studio.panes.training.start()
    studio.window.hide()
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert asked(mac, "setTitle:")[0].endswith("“Training did not begin”")
    assert asked(mac, "setBody:")[0].endswith(f"“{studio.panes.training.sentence()}”")
    assert len(asked(mac, "beginActivityWithOptions")) == len(asked(mac, "endActivity:")) == 1


def test_who_looks_or_does_not_want_it_is_left_alone(mac: StandIn, studio: Studio, qtbot: QtBot) -> None:
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow)
    studio.evaluation.finished.emit("one")
    studio.session.take(Settings(notify=False))
    studio.window.hide()
    studio.evaluation.finished.emit("one")
    assert asked(mac, "setTitle:") == []
    studio.session.take(Settings())
    studio.evaluation.finished.emit("one")
    assert asked(mac, "setTitle:")[0].endswith("“Run one is evaluated”")


def test_an_evaluation_that_failed_and_a_run_that_stopped_are_told_of(mac: StandIn, studio: Studio) -> None:
    studio.window.hide()
    studio.evaluation._run = RunFolder(studio.store.folder / "one")
    studio.evaluation._end(Failed("There is no room.", ""))
    assert asked(mac, "setTitle:")[-1].endswith("“Run one could not be evaluated”")
    assert asked(mac, "setBody:")[-1].endswith("“There is no room.”")
    studio.presence._works = True
    studio.panes.training.show_state("stopped", "It is saved at step 5.")
    studio.training.busy_changed.emit()
    assert asked(mac, "setTitle:")[-1].endswith("has stopped”")
    assert asked(mac, "setBody:")[-1].endswith("“It is saved at step 5.”")


def test_whatever_takes_long_is_seen_in_the_dock_and_keeps_the_mac_awake(
    mac: StandIn, studio: Studio, qapp: QApplication, icon: QIcon
) -> None:
    qapp.setWindowIcon(icon)
    shown = DockIcon(qapp)
    studio.presence._icon = shown
    studio.window.set_engine("Evaluating", "row 5 of 10", 0.5)
    assert qapp.windowIcon().cacheKey() != icon.cacheKey()
    assert says_awake(studio)
    studio.queue.engine_rested.emit()
    assert qapp.windowIcon().cacheKey() == icon.cacheKey()
    assert not says_awake(studio)
    qapp.setWindowIcon(QIcon())


def test_the_bar_grows_with_what_is_done(icon: QIcon) -> None:
    def filled(share: float) -> int:
        image = with_bar(icon, share).pixmap(256, 256).toImage()
        across = [image.pixelColor(x, image.height() // 256 * 203).name() for x in range(image.width())]
        return sum(colour == "#5b8def" for colour in across)

    counts = [filled(share) for share in (0.0, 0.25, 0.5, 1.0)]
    assert counts == sorted(set(counts))
    assert 180 < counts[-1] < 200
    assert abs(counts[2] - counts[-1] / 2) <= 2


def test_elsewhere_nothing_is_said_of_a_mac_and_an_app_without_an_icon_shows_no_bar(
    studio: Studio, qapp: QApplication
) -> None:
    assert sys.platform != "darwin" or pytest.skip("this is a Mac")
    studio.window.set_engine("Evaluating", "row 5 of 10", 0.5)
    assert not says_awake(studio)
    assert qapp.windowIcon().isNull()
