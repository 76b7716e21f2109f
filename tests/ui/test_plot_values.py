from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from studio.runs.history import RunHistory
from studio.ui.plots.run_plots import RunPlots
from studio.ui.theme import Theme
from tests.ui.conftest import run_events


def test_a_plot_says_its_values_in_a_table_in_its_place(theme: Theme, qtbot) -> None:
    plots = RunPlots(theme)
    qtbot.addWidget(plots)
    plots.load(RunHistory.of(run_events(48)))
    actions = plots.loss.actions_shown()
    actions["Show values"].trigger()
    table = plots.loss._table
    qtbot.waitUntil(lambda: table.model().rowCount() == 49, timeout=3000)
    names = [table.model().headerData(n, Qt.Orientation.Horizontal) for n in range(4)]
    assert names == ["step", "training", "smoothed", "validation"]
    assert [table.model().index(0, n).data() for n in (0, 3)] == ["48", "1.088"]
    assert table.accessibleName() == "Loss: values, the latest first"
    actions["Show values"].trigger()
    assert plots.loss._stack.currentWidget() is plots.loss.curve


def test_every_plot_is_saved_as_a_picture_and_as_values(theme: Theme, qtbot, tmp_path) -> None:
    plots = RunPlots(theme)
    qtbot.addWidget(plots)
    plots.load(RunHistory.of(run_events(48)))
    assert not plots.grab().isNull()  # which lays the cards out
    for card in (plots.loss, plots.speed, plots.memory, plots.gradient, plots.rate):
        name = card.title().replace("/", " per ")
        for ending in ("png", "csv"):
            card.save(tmp_path / f"{name}.{ending}")
        rows = (tmp_path / f"{name}.csv").read_text().splitlines()
        assert len(rows) == (50 if card is plots.loss else 49)
    assert rows[0] == "step,learning rate"
    assert rows[1].startswith("1,0.00199")
    picture = QImage(str(tmp_path / "Loss.png"))
    assert picture.size() == plots.loss.picture().size() == plots.loss.size() * 2
    plots.loss.save(tmp_path / "nowhere" / "loss.csv")
    assert plots.loss.value() == "loss.csv could not be saved there"


def test_only_what_may_differ_by_factors_offers_a_logarithmic_axis(theme: Theme, qtbot) -> None:
    plots = RunPlots(theme)
    qtbot.addWidget(plots)
    offering = [card.title() for card in plots._cards if "Logarithmic axis" in card.actions_shown()]
    assert offering == ["Loss", "Gradient norm", "Learning rate"]
