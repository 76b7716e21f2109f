from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication

from studio.events import Probed, Rewards
from studio.runs.history import RunHistory
from studio.ui.plots.curve import CurvePlot
from studio.ui.plots.lazy import LazyCurve
from studio.ui.plots.plot_card import KeyLabel
from studio.ui.plots.run_plots import RunPlots
from studio.ui.plots.series import Series, thinned
from studio.ui.plots.style import CurveStyle
from studio.ui.theme import DARK, Theme
from tests.ui.conftest import run_events, step


@pytest.fixture
def plot(theme: Theme, qtbot) -> CurvePlot:
    plot = CurvePlot(theme, CurveStyle("Loss"))
    qtbot.addWidget(plot)
    plot.resize(640, 300)
    return plot


def test_smoothing_is_corrected_for_its_start() -> None:
    series = Series(smoothing=0.9)
    series.extend(range(50), [2.5] * 50)
    np.testing.assert_allclose(series.smooth, 2.5)


def test_smoothing_is_the_exponential_average() -> None:
    series, values = Series(smoothing=0.8), [3.0, 1.0, 2.0]
    series.extend([1, 2, 3], values)
    weights = np.array([0.8**2, 0.8, 1.0])
    assert series.smooth[-1] == pytest.approx(float(weights @ values / weights.sum()))


def test_a_value_that_is_not_a_number_leaves_the_average_alone() -> None:
    series = Series(smoothing=0.9)
    series.extend([1, 2, 3], [1.0, math.nan, 1.0])
    assert np.isfinite(series.smooth).all()
    assert series.smooth[-1] == pytest.approx(1.0)


def test_thinning_keeps_every_spike() -> None:
    x = np.arange(100_000.0)
    y = np.zeros_like(x)
    y[77_777] = 5.0
    thin_x, thin_y = thinned(x, y, 600)
    assert len(thin_x) <= 1300
    assert thin_y.max() == 5.0
    assert (np.diff(thin_x) >= 0).all()


def test_the_plot_keeps_all_points(plot: CurvePlot) -> None:
    for number in range(1, 2001):
        plot.append(number, 1 / number)
    plot.redraw()
    assert len(plot.series) == 2000
    assert plot.series.y[0] == 1.0


def test_a_hidden_plot_draws_nothing_until_it_is_shown(plot: CurvePlot, qtbot) -> None:
    plot.append(1, 2.0)
    assert not plot._timer.isActive()
    plot.show()
    qtbot.waitUntil(lambda: plot._raw.xData is not None and len(plot._raw.xData) == 1)


def test_the_best_validation_is_marked(plot: CurvePlot) -> None:
    plot.set_points([0, 100, 200], [2.0, 0.5, 0.7], "dots")
    plot.redraw()
    assert plot._dotted.best.getData()[0].tolist() == [100.0]


def test_the_crosshair_says_the_nearest_values(plot: CurvePlot, qtbot) -> None:
    plot.show()
    plot.set_points([1, 2, 3, 4], [2.0, 1.5, 1.2, 1.0])
    plot.append(4, 1.1, "dots")
    plot.redraw()
    plot.crosshair.point_at(QPointF(620, 150))
    assert "step 4" in plot.crosshair.text()
    assert "raw 1 " in plot.crosshair.text()
    assert "validation 1.1" in plot.crosshair.text()
    plot.crosshair.point_at(QPointF(-50, -50))
    assert plot.crosshair.text() == ""


def test_a_zoom_stays_while_points_arrive_and_double_click_shows_all(plot: CurvePlot) -> None:
    plot.set_points(range(100), [1.0 + n / 100 for n in range(100)])
    plot.redraw()
    plot._box.setRange(xRange=(10, 20), padding=0)
    plot._on_zoomed(None)
    plot.append(100, 5.0)
    plot.redraw()
    assert plot._box.viewRange()[0] == [10, 20]
    plot._box.all_wanted.emit()
    plot.redraw()
    assert plot._box.viewRange()[0][1] >= 100


def test_the_axis_shows_the_whole_run_from_the_first_step(plot: CurvePlot) -> None:
    plot.set_end(240)
    plot.append(1, 2.0)
    plot.redraw()
    assert 240 < plot._box.viewRange()[0][1] < 250


def test_plots_follow_the_theme(plot: CurvePlot, theme: Theme) -> None:
    theme.set_mode("dark")
    assert plot._smooth.opts["pen"].color().name().upper() == DARK.accent


def test_a_lazy_plot_repeats_what_was_said_before_it_was_built(theme: Theme, qtbot) -> None:
    lazy = LazyCurve(theme)
    qtbot.addWidget(lazy)
    lazy.set_points([1, 2], [3.0, 2.0])
    lazy.append(2, 2.5, "dots")
    assert lazy.plot is None
    lazy.show()
    qtbot.waitUntil(lambda: lazy.plot is not None)
    assert lazy.plot is not None
    assert len(lazy.plot.series) == 2
    assert len(lazy.plot.dots) == 1


def test_a_resumed_run_shows_each_step_once() -> None:
    first = run_events(60)
    again = [type(first[0])(**{**vars(first[0]), "first_step": 49}), *(step(n) for n in range(49, 80))]
    steps = RunHistory.of([*first, *again]).column("step")
    assert steps.tolist() == list(range(1, 80))


def test_a_run_that_goes_on_after_a_crash_draws_over_what_was_lost(theme: Theme, qtbot) -> None:
    plots, whole = RunPlots(theme), RunPlots(theme)
    for widget in (plots, whole):
        qtbot.addWidget(widget)
    plots.load(RunHistory.of(run_events(60)))
    again = type(run_events(0)[0])(**{**vars(run_events(0)[0]), "first_step": 40})
    for event in (again, *(step(n) for n in range(40, 46))):
        plots.show_event(event)
    whole.load(RunHistory.of(run_events(45)))
    for name in ("loss", "speed", "memory"):
        mine, other = getattr(plots, name), getattr(whole, name)
        one, two = mine.curve.build(), other.curve.build()
        assert one.series.x.tolist() == list(range(1, 46))
        np.testing.assert_allclose(one.series.smooth, two.series.smooth)
    assert plots.loss.curve.build().dots.x.tolist() == [0, 24]


def test_plot_heads_say_the_current_values(theme: Theme, qtbot) -> None:
    plots = RunPlots(theme)
    qtbot.addWidget(plots)
    for event in run_events(48):
        plots.show_event(event)
    qtbot.waitUntil(lambda: plots.speed.value() == "1,284")
    assert plots.memory.value() == "5.0 GB, peak 6.0"
    assert "at step 48" in plots.loss.value()


def rewards(number: int, part: str = "train", margin: float = 0.5) -> Rewards:
    return Rewards(number, part, 0.2, 0.2 - margin, margin, 0.75, 16)


def test_general_text_is_a_third_curve_beside_validation(theme: Theme, qtbot) -> None:
    live, whole = RunPlots(theme), RunPlots(theme)
    events = [*run_events(48), Probed(0, 2.6, 400), Probed(24, 2.7, 400), Probed(48, 2.9, 400)]
    for widget in (live, whole):
        qtbot.addWidget(widget)
    for event in events:
        live.show_event(event)
    whole.load(RunHistory.of(events))
    for plots in (live, whole):
        curve = plots.loss.curve.build()
        assert curve.others.y.tolist() == [2.6, 2.7, 2.9]
        assert len(curve.dots) == 3
        told = curve.describe(48)
        assert told is not None
        assert "general text 2.9" in told[1]
    qtbot.waitUntil(lambda: "general text 2.900" in live.loss.value())


def test_rewards_are_shown_only_where_there_are_any(theme: Theme, qtbot) -> None:
    plots = RunPlots(theme)
    qtbot.addWidget(plots)
    plots.load(RunHistory.of(run_events(24)))
    assert plots.rewards.isHidden()
    plots.load(
        RunHistory.of([*run_events(24), rewards(1), rewards(2, margin=0.7), rewards(24, "validation", 0.6)])
    )
    assert not plots.rewards.isHidden()
    curve = plots.rewards.curve.build()
    assert curve.series.y.tolist() == [0.5, 0.7]
    assert (curve.dots.y[0], curve.others.y[0]) == (0.2, pytest.approx(-0.4))
    assert plots.rewards.value() == "margin +0.60, 75 % right  ·  chosen +0.20  ·  rejected -0.40"
    plots.clear()
    assert plots.rewards.isHidden()


def test_rewards_that_arrive_one_by_one_are_drawn_and_a_resume_repeats_none(theme: Theme, qtbot) -> None:
    plots = RunPlots(theme)
    qtbot.addWidget(plots)
    again = type(run_events(0)[0])(**{**vars(run_events(0)[0]), "first_step": 2})
    for event in (rewards(1), rewards(2), again, rewards(2), rewards(2, "validation")):
        plots.show_event(event)
    assert plots.rewards.curve.build().series.x.tolist() == [1, 2]
    qtbot.waitUntil(lambda: "rejected" in plots.rewards.value())


def test_keys_are_shortened_before_any_is_cut(theme: Theme, qtbot) -> None:
    keys = KeyLabel(theme)
    qtbot.addWidget(keys)
    keys.set_keys([("accent", "training 0.505", "0.505"), ("second", "validation 0.643", "0.643")])
    keys.show()
    keys.resize(600, 20)
    assert keys.shown_text() == "training 0.505  ·  validation 0.643"
    keys.resize(130, 20)
    assert keys.shown_text() == "0.505  ·  0.643"
    assert keys.toolTip() == keys.text()
    keys.resize(60, 20)
    assert keys.shown_text() == "0.505"
    assert not keys.grab().isNull()


def test_the_window_comes_without_plots_and_without_the_engine() -> None:
    program = (
        "import sys, studio.ui.window, studio.ui.panes.training.pane, studio.ui.panes.runs.pane;"
        "bad = {'pyqtgraph', 'numpy', 'mlx', 'mlx_lm', 'transformers', 'datasets'} & set(sys.modules);"
        "sys.exit(' '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_short_run_is_smoothed_less_so_that_its_curve_does_not_lag(plot: CurvePlot) -> None:
    falling = [7.0 - 0.07 * number for number in range(60)]
    plot.set_points(range(1, 61), falling)
    plot.redraw()
    assert plot.series.smooth[-1] - falling[-1] < 0.4  # with one constant of 0.9 it was 0.6
    plot.set_points(range(1, 13), falling[:12])
    plot.redraw()
    assert plot.series.smooth[-1] - falling[11] < 0.02


def test_smoothing_grows_with_the_run_and_ends_where_one_that_is_loaded_does(plot: CurvePlot) -> None:
    values = [2 / number for number in range(1, 201)]
    for number, value in enumerate(values, 1):
        plot.append(number, value)
        plot.redraw()
    whole = Series(0.9)
    whole.extend(range(1, 201), values)
    np.testing.assert_allclose(plot.series.smooth, whole.smooth)


def test_marks_at_the_first_and_the_last_step_are_seen_whole(plot: CurvePlot) -> None:
    plot.resize(320, 200)
    plot.set_end(240)
    plot.set_points([0, 120, 240], [2.0, 0.9, 0.4], "dots")
    plot.redraw()
    left, right = plot._box.viewRange()[0]
    pixels = 320 - 46
    assert (240 - right) / (right - left) * pixels < -5
    assert left / (right - left) * pixels < -5


def test_the_crosshair_names_every_value(plot: CurvePlot) -> None:
    plot.set_points([1, 2], [2.0, 1.0])
    described = plot.describe(2)
    assert described is not None
    assert described[1] == "step 2   value 1.14   raw 1"


def test_a_logarithmic_axis_shows_factors_and_keeps_the_values(plot: CurvePlot) -> None:
    plot.set_points([1, 2, 3], [100.0, 0.0, 0.1])
    plot.set_log(True)
    plot.redraw()
    low, high = plot._box.viewRange()[1]
    assert low < -1
    assert high > 2
    axis = plot.axes["left"]
    ticks = axis.tickStrings(axis.tickValues(low, high, 200)[0][1], 1, 1)
    assert ticks == ["0.1", "1", "10", "100"]
    assert plot.series.y.tolist() == [100.0, 0.0, 0.1]
    plot.set_log(False)
    plot.redraw()
    assert plot._box.viewRange()[1][1] > 100


@pytest.mark.parametrize("way", ["step by step", "whole"])
def test_every_curve_of_a_run_is_drawn_by_itself_live_and_opened(theme: Theme, qtbot, way: str) -> None:
    plots = RunPlots(theme)
    qtbot.addWidget(plots)
    plots.resize(900, 700)
    plots.show()
    qtbot.wait(1)  # as in the window, which is painted before a run comes on show
    if way == "whole":
        plots.load(RunHistory.of(run_events()))
    else:
        for event in run_events():
            plots.show_event(event)
    colours = ("accent", "good", "third", "second", "accent")
    cards = (plots.loss, plots.speed, plots.memory, plots.gradient, plots.rate)
    for card, colour in zip(cards, colours, strict=True):
        wanted = QColor(getattr(theme.tokens, colour)).hsvHue()
        qtbot.waitUntil(lambda card=card, wanted=wanted: _is_drawn(card.curve, wanted))


def _is_drawn(curve: LazyCurve, hue: int) -> bool:
    """Whether something of this colour goes over most of the plot."""
    image = curve.grab().toImage()
    columns = {
        x
        for x in range(image.width())
        for y in range(image.height())
        if (pixel := image.pixelColor(x, y)).hsvSaturation() > 90 and abs(pixel.hsvHue() - hue) < 25
    }
    return len(columns) > image.width() / 2


def test_the_lower_axis_says_what_it_counts(plot: CurvePlot) -> None:
    assert plot._x_name.text() == "step"
    plot.show()
    assert plot._x_name.geometry().bottom() < plot.height()


def test_a_plot_is_zoomed_by_dragging_across_its_lines(plot: CurvePlot, qtbot) -> None:
    plot.set_points(range(100), [1.0 + n / 100 for n in range(100)])
    plot.show()
    plot.redraw()
    qtbot.wait(50)
    view, button = plot._view.viewport(), Qt.MouseButton.LeftButton
    before = plot._box.viewRange()[0]
    qtbot.mousePress(view, button, pos=QPoint(150, 60))
    for x in (180, 240, 300):
        qtbot.mouseMove(view, QPoint(x, 200))
        move = QMouseEvent(
            QMouseEvent.Type.MouseMove,
            QPointF(x, 200),
            view.mapToGlobal(QPointF(x, 200)),
            Qt.MouseButton.NoButton,
            button,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(view, move)
        qtbot.wait(20)
    qtbot.mouseRelease(view, button, pos=QPoint(300, 200))
    low, high = plot._box.viewRange()[0]
    assert high - low < 0.5 * (before[1] - before[0])
    qtbot.mouseDClick(view, button, pos=QPoint(200, 100))
    plot.redraw()
    assert plot._box.viewRange()[0] == before
