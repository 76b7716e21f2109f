"""A click on a head shows what each token takes from which, in both models."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from studio.events import Figure
from studio.ui.plots.figure_plots import FigureDots
from studio.ui.plots.figures import FigureCard
from studio.ui.plots.heat import HeatMap
from studio.ui.theme import Theme


def kept(x: int, y: int) -> dict[str, Any]:
    values = [[1.0, 0.0], [0.25 * x, 0.75]]
    return {"x": x, "y": y, "series": [{"name": who, "values": values} for who in ("Base", "Tuned")]}


DATA = {
    "x": ["Head 1", "Head 2"],
    "y": ["Layer 1", "Layer 2"],
    "values": [[0.0, 0.1], [0.3, 0.2]],
    "unit": "bits",
    "details": {"labels": ["<b>The</b>", " frog"], "unit": "", "kept": [kept(0, 1), kept(1, 1)]},
}


@pytest.fixture
def card(qtbot: QtBot) -> FigureCard:
    card = FigureCard(Theme(), Figure("attention_change", "tuned", "heat", "Heads", DATA), "Attention")
    qtbot.addWidget(card)
    card.resize(600, 500)
    card.show()
    return card


def shown(card: FigureCard) -> list[str]:
    assert card.details is not None
    return [picture.accessibleName() for picture in card.details.pictures]


def click(qtbot: QtBot, heat: Any, x: int, y: int) -> None:
    at = next(
        QPoint(column, line)
        for column in range(0, heat.width(), 5)
        for line in range(0, heat.height(), 2)
        if heat.cell_at(QPoint(column, line).toPointF()) == (x, y)
    )
    qtbot.mouseClick(heat, Qt.MouseButton.LeftButton, pos=at)


def test_the_head_that_changed_most_is_shown_at_once_and_another_by_a_click(
    qtbot: QtBot, card: FigureCard
) -> None:
    assert shown(card) == ["Base, Layer 2, Head 1", "Tuned, Layer 2, Head 1"]
    click(qtbot, card.drawing, 1, 1)
    assert shown(card) == ["Base, Layer 2, Head 2", "Tuned, Layer 2, Head 2"]
    assert card.details is not None
    assert card.details.pictures[0].words_of(0, 1) == " frog, <b>The</b>: 0.25"


def test_a_head_that_was_not_kept_says_so(qtbot: QtBot, card: FigureCard) -> None:
    click(qtbot, card.drawing, 0, 0)
    assert shown(card) == []


def test_a_field_without_details_is_only_a_field(qtbot: QtBot) -> None:
    data = {name: value for name, value in DATA.items() if name != "details"}
    card = FigureCard(Theme(), Figure("adapter_strength", "tuned", "heat", "Matrices", data), "Strength")
    qtbot.addWidget(card)
    assert card.details is None
    assert isinstance(card.drawing, HeatMap)


def test_of_dots_on_each_other_only_one_is_labelled(qtbot: QtBot) -> None:
    points = [{"x": x, "y": y, "label": str(x)} for x, y in ((0.0, 1.0), (5.0, 0.1), (5.1, 0.1), (5.2, 0.9))]
    dots = FigureDots(Theme(), "Checkpoints", {"points": points})
    qtbot.addWidget(dots)
    assert [label.isVisible() for label in dots._labels] == [True, False, True, True]
    assert dots.words_of(dots.dots[1])[0] == "5.0"
    FigureDots(Theme(), "None", {"points": []}).close()
