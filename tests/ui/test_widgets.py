from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.widgets.label import ElidedLabel, WrapLabel
from studio.ui.widgets.pane import Pane, PaneHeader
from studio.ui.widgets.states import BusyState, EmptyState, Notice
from studio.ui.widgets.timing import Debounce, Throttle

STUDIO = Path(__file__).parents[2] / "studio"


def test_a_cut_text_has_all_of_it_in_the_tooltip(qtbot) -> None:
    label = ElidedLabel("a rather long name of a run that will not fit")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.shown_text().endswith("…")
    assert label.toolTip() == label.text()
    label.resize(600, 20)
    assert label.toolTip() == ""


def test_wrapped_text_asks_for_the_height_it_needs(qtbot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    column = QVBoxLayout(holder)
    label = WrapLabel("Long words that wrap over several lines when there is little room. " * 3)
    column.addWidget(label)
    column.addStretch(1)
    holder.resize(220, 400)
    holder.show()
    qtbot.waitUntil(lambda: label.height() == label.heightForWidth(label.width()))
    assert label.height() > 5 * label.fontMetrics().height()


def test_a_state_covers_the_content_and_gives_it_back(qtbot) -> None:
    pane = Pane("Runs")
    qtbot.addWidget(pane)
    pane.show()
    state = EmptyState("history", "No runs yet", "Train one.", "Try the sample", "Open…")
    pane.show_state(state)
    assert state.isVisible()
    assert not pane.area.isVisible()
    pane.show_state(None)
    assert pane.area.isVisible()
    assert pane.state is None


def test_the_buttons_of_an_empty_state_announce_themselves(qtbot) -> None:
    state = EmptyState("history", "No runs yet", "Train one.", "Try the sample", "Open…")
    qtbot.addWidget(state)
    first, second = _buttons(state)
    with qtbot.waitSignal(state.chosen):
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(state.second_chosen):
        qtbot.mouseClick(second, Qt.MouseButton.LeftButton)


def _buttons(state: QWidget) -> tuple[QWidget, QWidget]:
    by_role = {widget.property("role"): widget for widget in state.findChildren(QWidget)}
    return by_role["primary"], by_role["plain"]


def test_a_busy_state_counts_and_can_be_stopped(qtbot) -> None:
    state = BusyState("Reading the dataset")
    qtbot.addWidget(state)
    state.set_progress(1200, 5000)
    assert any(label.text() == "1,200 of 5,000" for label in state.findChildren(type(state._detail)))
    with qtbot.waitSignal(state.stop_requested):
        state._stop.click()


def test_a_notice_shows_its_sentence_until_it_is_closed(qtbot) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    notice.show_message("The disk is full.", "bad")
    assert notice.isVisible()
    assert notice.text() == "The disk is full."
    with qtbot.waitSignal(notice.closed):
        notice.close_message()
    assert not notice.isVisible()


def test_a_header_adds_its_buttons_from_left_to_right(qtbot) -> None:
    header = PaneHeader("Runs", "6 runs")
    qtbot.addWidget(header)
    header.resize(800, 50)
    header.show()
    plain, primary = header.add_button("Evaluate"), header.add_button("Start", "primary", "play")
    qtbot.waitUntil(lambda: plain.x() < primary.x())
    assert primary.property("role") == "primary"
    assert not primary.icon().isNull()


def test_a_debounce_begins_anew_with_each_trigger_and_a_throttle_does_not(qtbot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    calls: list[str] = []
    rested = Debounce(parent, 60_000, lambda: calls.append("rest"))
    often = Throttle(parent, 60_000, lambda: calls.append("often"))
    for timer in (rested, often):
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.trigger()
    qtbot.wait(50)
    left = rested.remainingTime(), often.remainingTime()
    for timer in (rested, often):
        timer.trigger()
    assert rested.remainingTime() > left[0]
    assert often.remainingTime() <= left[1]
    for timer in (rested, often):
        timer.setInterval(0)
    qtbot.waitUntil(lambda: len(calls) == 2)
    qtbot.wait(20)
    assert sorted(calls) == ["often", "rest"]


def test_no_other_timer_is_made_by_hand() -> None:
    made = {path.name for path in STUDIO.rglob("*.py") if "QTimer(" in path.read_text(encoding="utf-8")}
    assert made == {"collecting.py", "rehearsal.py"}  # which repeat
