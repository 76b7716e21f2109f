"""Blind votes: nothing tells whose an answer is before the vote, and all is told after it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from studio.evaluate.store import Vote
from studio.events import AnswerEnded, AnswersBegin
from studio.generate.contestant import Contestant
from studio.ui.chat.votes import tally_words
from studio.ui.panes.playground.pane import PlaygroundPane
from studio.ui.theme import Theme


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme) -> PlaygroundPane:
    pane = PlaygroundPane(theme)
    qtbot.addWidget(pane)
    pane.resize(1176, 800)
    pane.show()
    pane.show_run("Starter", "capitals")
    pane.send_requested.connect(lambda _: pane.show_busy())
    pane.blind.trigger()
    return pane


def ask(pane: PlaygroundPane, prompt: str, base: str = "Oslo", tuned: str = "Bergen") -> None:
    """Ask, and let both answer."""
    pane.set_prompt(prompt)
    pane.send()
    for who, text in (("base", base), ("tuned", tuned)):
        run, step = ("capitals", 120) if who == "tuned" else ("", 0)
        pane.show_event(AnswersBegin("Starter", run, step, who, fingerprint="ab12", is_shared=who == "base"))
        pane.show_event(AnswerEnded(who, text, 10, 3, 50.0, 0.1, "stop"))
    pane.show_idle()


def shown_words(pane: PlaygroundPane) -> str:
    """All that stands, or is said, over and below the answers."""
    QApplication.processEvents()  # which shows what was laid out
    labels = [label for label in pane.columns.findChildren(QLabel) if label.isVisible()]
    cells = pane.columns.exchanges[-1].cells.values()
    told = [part for label in labels for part in (label.text(), label.toolTip())]
    return "\n".join([*told, *(cell.text.accessibleName() for cell in cells)]).lower()


def test_names_come_after_the_vote(qtbot: QtBot, pane: PlaygroundPane) -> None:
    ask(pane, "Capital of Norway?")
    view = pane.columns.exchanges[-1]
    for telling in ("tuned", "base", "capitals", "starter", "verified", "tok/s"):
        assert telling not in shown_words(pane)
    assert pane.focusWidget() is view.votes
    stood = list(view.cells)
    qtbot.keyClick(view.votes, Qt.Key.Key_2)
    assert view.exchange.vote == "b"
    assert "tuned (capitals, step 120)" in shown_words(pane)
    better = pane.chat.votes[-1].b
    assert better.startswith("Tuned") == (stood[1] == "tuned")
    assert f"{better} beat" in pane.tally.words.text()
    assert pane.focusWidget() is pane.prompt


def test_the_order_changes_from_question_to_question(pane: PlaygroundPane) -> None:
    for number in range(24):  # alike 24 times by chance once in eight millions
        ask(pane, f"Question {number}")
    orders = {tuple(view.cells) for view in pane.columns.exchanges}
    assert orders == {("base", "tuned"), ("tuned", "base")}


def test_an_answer_stands_in_its_own_column_when_names_are_shown(pane: PlaygroundPane) -> None:
    for number in range(6):
        ask(pane, f"Question {number}", "said by the base", "said by the tuned")
    pane.columns.exchanges[0].votes.choices.buttons["tie"].click()
    pane.tally._end.click()
    assert not pane.blind.isChecked()
    QApplication.processEvents()
    for view in pane.columns.exchanges:
        assert list(view.cells) == ["base", "tuned"]
        assert view.text("base") == "said by the base"
        assert not view.votes.is_open
    assert pane.columns.exchanges[0].votes.said.isVisibleTo(pane)
    assert not pane.columns.exchanges[1].votes.isVisibleTo(pane)


def test_an_answer_that_failed_is_not_voted_on(pane: PlaygroundPane) -> None:
    pane.set_prompt("Capital of Norway?")
    pane.send()
    pane.show_event(AnswerEnded("base", "Oslo", 10, 3, 50.0, 0.1, "stop"))
    pane.show_event(AnswerEnded("tuned", "", 10, 0, 0.0, 0.0, "failed"))
    pane.show_idle()
    assert not pane.columns.exchanges[-1].votes.is_open


def test_an_answer_that_goes_on_after_the_vote_makes_no_pair_of_it(pane: PlaygroundPane) -> None:
    ask(pane, "Capital of Norway?")
    view = pane.columns.exchanges[-1]
    view.votes.choices.buttons["a"].click()
    assert view.votes.pair.isVisibleTo(view)
    pane.chat.go_on(view.exchange.number, "tuned")
    pane.show_event(AnswerEnded("tuned", "Bergen, no, Oslo", 10, 3, 50.0, 0.1, "stop"))
    assert not view.votes.isVisibleTo(view)
    assert len(pane.chat.votes) == 1  # which was given all the same


def test_a_third_column_ends_blind_asking_and_one_alone_is_not_asked_so(pane: PlaygroundPane) -> None:
    pane.add_contestant(Contestant(kind="tuned", step=60))
    assert not pane.blind.isChecked()
    assert not pane.blind.isEnabled()
    assert pane.columns.heads[0].name.text() != "A"


def test_votes_are_counted_with_an_interval() -> None:
    votes = [Vote("", "Base", "Tuned", "b")] * 5 + [Vote("", "Tuned", "Base", "a")] * 2
    votes += [
        Vote("", "Tuned", "Base", "b"),
        Vote("", "Base", "Tuned", "tie"),
        Vote("", "Base", "Tuned", "bad"),
    ]
    (words,) = tally_words(votes)
    # Wilson (1927) of 7 in 8
    assert words == (
        "Tuned beat Base in 7 of 8 decided (88 %, 95 % interval 53 % to 98 %) · 1 tie · 1 pair both bad"
    )
    assert tally_words(votes[-2:]) == ["Base and Tuned: no vote decided · 1 tie · 1 pair both bad"]
