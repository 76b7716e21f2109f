"""The tour: five steps, from the sample to the runs, at the first start and from the menu."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.settings import read_settings
from studio.ui.dialogs.tour import STEPS
from tests.app.test_run_menu import stored_run


def test_five_steps_lead_through_the_panes_and_are_not_shown_again(studio: Studio, tmp_path: Path) -> None:
    assert studio.session.is_first()
    studio.window.action("tour").trigger()
    card, seen = studio.tour.card, []
    for _ in STEPS:
        seen.append(studio.window.current_pane())
        assert card.isVisible()
        card.next.click()
    assert seen == ["dataset", "training", "evaluation", "playground", "runs"]
    assert not card.isVisible()
    assert not studio.session.is_first()
    studio.window.close()
    assert read_settings(tmp_path / "home" / "settings.json").toured


@pytest.mark.long
def test_a_step_does_what_it_asks_for_once_that_can_be_done(
    studio: Studio, tmp_path: Path, qtbot: QtBot
) -> None:
    card = studio.tour.card
    card.begin()
    card.next.click()
    assert not card.action.isEnabled()  # there is nothing to train on
    card.back.click()
    card.action.click()
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.training.change({"loop.steps": 2})
    card.next.click()
    assert card.action.isEnabled()
    card.action.click()
    assert studio.training.busy
    card.next.click()
    assert not card.action.isEnabled()  # not before the run is done
    qtbot.waitUntil(lambda: not studio.training.busy and studio.state.subjects.run("playground") is not None)
    qtbot.waitUntil(card.action.isEnabled)
    card.next.click()
    card.action.click()
    assert studio.window.current_pane() == "playground"
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert studio.panes.playground.columns.exchanges


def test_the_card_stays_in_the_corner_and_whole_in_the_smallest_window(studio: Studio) -> None:
    studio.tour.card.begin()
    for size in ((1040, 680), (1440, 900)):
        studio.window.resize(*size)
        card, room = studio.tour.card.geometry(), studio.window.root.rect()
        assert room.contains(card)
        assert room.right() - card.right() < 30


def test_nothing_of_a_step_is_cut(studio: Studio, qtbot: QtBot) -> None:
    card = studio.tour.card
    card.begin()
    for _ in STEPS[:-1]:
        qtbot.waitUntil(lambda: card.text.height() >= card.text.heightForWidth(card.text.width()))
        assert card.rect().contains(card.childrenRect())
        card.next.click()


def test_it_makes_way_for_data_of_ones_own(studio: Studio, tmp_path: Path, qtbot: QtBot) -> None:
    studio.tour.begin()
    studio.dataset.datasets.open_sample()
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    assert studio.tour.card.isVisible()
    own = tmp_path / "own.jsonl"
    own.write_text('{"prompt": "Hi", "completion": "Hello."}\n' * 3)
    studio.dataset.datasets.open(str(own))
    qtbot.waitUntil(lambda: not studio.tour.card.isVisible())


def test_who_has_runs_is_not_led_around(studio: Studio, tmp_path: Path) -> None:
    stored_run(tmp_path / "home", "one")
    assert not studio.session.is_first()
