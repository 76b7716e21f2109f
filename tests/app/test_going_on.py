"""A run that the machine had no memory for: what the window says and offers, and what it does by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.catalogue import phrase
from studio.events import PortionsHalved, Step
from studio.runs.folder import RunFolder
from tests.conftest import write_rows
from tests.jobs.engine_jobs import BrokenGpu
from tests.jobs.test_queue_metal import MEMORY


@pytest.fixture(autouse=True)
def engine_in_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The GPU is broken in this process."""
    monkeypatch.setenv("STUDIO_ENGINE", "thread")


@pytest.fixture
def ready(studio: Studio, tmp_path: Path, tiny_model: Path, qtbot: QtBot) -> Studio:
    """The app with a dataset and a recipe of six steps, a checkpoint every second."""
    studio.open_path(str(write_rows(tmp_path / "rows.jsonl", 24)))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.training.use_model(str(tiny_model))
    values = {"loop.steps": 6, "loop.save_every": 2, "loop.batch_size": 4, "watch.forgetting": False}
    studio.training.change(values)
    qtbot.waitUntil(lambda: studio.queue.idle)
    return studio


def run_of(studio: Studio) -> RunFolder:
    (run,) = studio.store.runs()
    return run


def press(studio: Studio, qtbot: QtBot, text: str) -> None:
    shown = [b for b in studio.panes.training.findChildren(QPushButton) if b.text() == text and b.isVisible()]
    assert len(shown) == 1
    qtbot.mouseClick(shown[0], Qt.MouseButton.LeftButton)


@pytest.mark.long
def test_it_is_offered_to_go_on_in_smaller_portions_from_the_last_checkpoint(
    ready: Studio, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = ready.panes.training
    with monkeypatch.context() as broken:
        BrokenGpu(broken, at_step=5, message=MEMORY)
        ready.training.start(pane.recipe())
        qtbot.waitUntil(lambda: not ready.training.busy)
    assert pane.state() == "overloaded"
    assert pane.header.title() == "Training failed at step 4 of 6"
    for told in (phrase("engine.out_of_memory"), phrase("engine.resume", step=4)):
        assert str(told) in pane.failure.text()
    ready.training.choose("")  # another look at it offers the same
    ready.training.choose(run_of(ready).name)
    qtbot.waitUntil(lambda: pane.state() == "overloaded")
    press(ready, qtbot, "Resume in smaller portions")
    qtbot.waitUntil(lambda: pane.state() == "done")
    events = run_of(ready).events()
    assert [event.step for event in events if isinstance(event, Step)] == [1, 2, 3, 4, 5, 6]
    assert len([event for event in events if isinstance(event, PortionsHalved)]) == 1


@pytest.mark.long
def test_where_the_person_allows_it_it_goes_on_by_itself_but_once(
    ready: Studio, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane, opened = ready.panes.training, list[str]()
    ready.session.ask_for_settings()
    assert ready.session.dialog is not None
    assert not ready.session.dialog.goes_on.isChecked()
    ready.session.dialog.goes_on.setChecked(True)
    ready.session.dialog.accept()
    ready.training.opened.connect(opened.append)
    with monkeypatch.context() as broken:
        BrokenGpu(broken, at_step=5, message=MEMORY)
        ready.training.start(pane.recipe())
        qtbot.waitUntil(lambda: pane.state() == "overloaded")
    assert len(opened) == 2
    assert len([e for e in run_of(ready).events() if isinstance(e, PortionsHalved)]) == 1
    press(ready, qtbot, "Resume")
    qtbot.waitUntil(lambda: pane.state() == "done")
    assert len([e for e in run_of(ready).events() if isinstance(e, PortionsHalved)]) == 1
