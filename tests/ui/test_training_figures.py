from __future__ import annotations

import threading
import time

import pytest
from PySide6.QtWidgets import QSplitter

from studio.events import Validated
from studio.gauges import Gauges
from studio.runs.history import RunHistory
from studio.ui.panes.training.machine import EVERY_SECONDS, MachineWatch
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.panes.training.ready import NextData
from studio.ui.theme import Theme
from tests.ui.conftest import run_events
from tests.ui.test_training_pane import forecast


@pytest.fixture
def pane(theme: Theme, qtbot) -> TrainingPane:
    pane = TrainingPane(theme)
    qtbot.addWidget(pane)
    pane.resize(836, 680)
    pane.show_dataset(NextData("invoices", 218, 27))
    return pane


def test_a_finished_run_says_each_fact_once(pane: TrainingPane) -> None:
    pane.load_history(RunHistory.of(run_events()))
    pane.show_state("done", "Validation loss 2.10 → 0.31, best at step 216.")
    assert pane.header.title() == "Trained: validation loss fell by 85 %"
    assert pane.header.subtitle() == "Starter  ·  27 rows validate"
    assert pane.figures.validation.value() == "2.10 → 0.31"
    pane.show_state("done", "Stopped after 3 of 4 runs.")  # a sweep's end says something else
    assert pane.header.subtitle() == "Stopped after 3 of 4 runs."


def test_a_run_that_learned_nothing_is_not_said_to_have_fallen(pane: TrainingPane) -> None:
    for number, loss in ((0, 2.0), (24, 2.3)):
        pane.show_event(Validated(number, loss, 8.0, 900, number == 0))
    pane.show_state("done")
    assert pane.header.title() == "Trained, but validation loss did not fall"
    assert pane.figures.validation.value() == "2.00"


def test_will_it_fit_is_one_line_in_a_low_window_until_it_is_unfolded(pane: TrainingPane) -> None:
    pane.show_forecast(forecast())
    card = pane.forecast
    pane.show()
    pane.resize(1000, 660)
    assert card.value() == "8.0 GB of 16.0 GB  ·  Fits well"
    assert card.sizeHint().height() < 64
    card._fold.click()
    assert card.value() == "Fits well"
    assert card._bar.isVisible()
    pane.resize(1000, 670)
    assert card._bar.isVisible()  # what a person unfolded stays so
    pane.resize(1000, 900)
    assert card._parts.isVisible()


def test_in_a_low_window_what_would_make_a_run_fit_stays_in_sight(pane: TrainingPane) -> None:
    pane.show_forecast(forecast(peak=20 * 2**30, fits=False, changes=("Set Batch to 2.",)))
    pane.show()
    pane.resize(1000, 660)
    assert pane.forecast._changes.isVisible()
    assert not pane.forecast._bar.isVisible()


def test_recipe_and_run_share_the_width_as_they_are_dragged(pane: TrainingPane) -> None:
    pane.resize(1000, 700)
    pane.show()
    split = pane.findChild(QSplitter)
    assert split is not None
    assert abs(split.sizes()[0] - 344) < 40
    split.setSizes([450, 500])
    pane.resize(1300, 700)
    assert split.sizes()[0] == 450
    split.setSizes([10, 900])
    assert split.sizes()[0] == 300


def test_the_legend_keeps_its_words_where_there_is_little_room(pane: TrainingPane) -> None:
    pane.load_history(RunHistory.of(run_events(48)))
    keys = pane.plots.loss._keys
    keys.resize(180, 20)
    assert keys.shown_text() == "training  ·  validation"


def test_the_machine_is_looked_at_only_while_a_run_is_on_show(pane: TrainingPane) -> None:
    watch = pane.machine.watch
    pane.show()
    assert not watch.is_watching
    pane.show_state("running")
    assert watch.is_watching
    assert pane.machine.isVisible()
    pane.hide()
    assert not watch.is_watching
    pane.show()
    assert watch.is_watching
    pane.show_state("done")
    assert not watch.is_watching
    assert not pane.machine.isVisible()


def test_the_machine_is_looked_at_on_another_thread_at_most_once_a_second(qtbot, monkeypatch) -> None:
    asked: list[tuple[float, str]] = []

    def look() -> Gauges:
        asked.append((time.monotonic(), threading.current_thread().name))
        return Gauges(0.34, 12 * 2**30, 16 * 2**30)

    monkeypatch.setattr("studio.ui.panes.training.machine.read_gauges", look)
    assert EVERY_SECONDS >= 1
    monkeypatch.setattr("studio.ui.panes.training.machine.EVERY_SECONDS", 0.02)
    watch = MachineWatch()
    heard: list[tuple[Gauges, str]] = []
    watch.looked.connect(lambda found: heard.append((found, threading.current_thread().name)))
    watch.set_watching(True)
    qtbot.waitUntil(lambda: len(heard) >= 2)
    watch.set_watching(False)
    count = len(asked)
    qtbot.wait(100)
    assert len(asked) <= count + 1
    assert {name for _, name in asked} == {"gauges"}


def test_gauges_say_what_the_machine_tells_and_hide_the_rest(pane: TrainingPane) -> None:
    pane.show()
    pane.show_state("running")
    card = pane.machine
    card.show_gauges(Gauges(0.34, 12 * 2**30, 16 * 2**30))
    assert card.cpu._bar.accessibleDescription() == "CPU 34 %"
    assert card.memory._value.text() == "12.0 GB of 16.0 GB"
    assert card.gpu.isHidden()
    assert card.others.isHidden()
    card.show_gauges(Gauges(0.34, 12 * 2**30, 16 * 2**30, 0.97, 9 * 2**30, "high", 31.2, 28.4))
    assert card.gpu._value.text() == "97 %"
    assert card.memory._value.text() == "12.0 GB of 16.0 GB, high pressure"
    assert card.others.text() == "28 W  ·  battery 31 °C"
