"""Several contestants talked to at once: their columns, conversations and versions."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.dataset.record import Message
from studio.events import AnswerEnded, AnswerPiece, AnswersBegin
from studio.events.answers import MadeCall
from studio.generate.contestant import Contestant
from studio.ui.chat.column_head import REMOVE, RIGHT
from studio.ui.chat.conversation import ChatColumn, ColumnAnswer
from studio.ui.chat.exchange import foot_text
from studio.ui.chat.side_by_side import AskedTalks
from studio.ui.panes.playground.pane import PlaygroundPane
from studio.ui.theme import Theme

SERVED = Contestant(kind="server", server="http://localhost:1/v1", model="small")


class Asking:
    """A pane that is asked, and answered by hand."""

    def __init__(self, pane: PlaygroundPane) -> None:
        self.pane, self.chat = pane, pane.chat
        self.sent: list[AskedTalks] = []
        pane.send_requested.connect(self.sent.append)
        pane.send_requested.connect(lambda _: pane.show_busy())

    def ask(self, prompt: str, *answers: str) -> None:
        self.pane.set_prompt(prompt)
        self.pane.send()
        self.answer(*answers)

    def answer(self, *answers: str) -> None:
        for who, text in zip(self.chat.whos, answers, strict=True):
            self.pane.show_event(AnswerEnded(who, text, 10, 3, 50.0, 0.1, "stop", (1, 2, 3)))
        self.pane.show_idle()

    @property
    def keys(self) -> list[str]:
        return [each.contestant.key for each in self.chat.columns]

    def turns(self, place: int = 0) -> list[tuple[str, str]]:
        """What was sent last to the column at a place."""
        return [(turn.role, turn.content) for turn in self.sent[-1].talks[place].turns]


@pytest.fixture
def asking(qtbot: QtBot, theme: Theme) -> Asking:
    pane = PlaygroundPane(theme)
    qtbot.addWidget(pane)
    pane.resize(1176, 800)
    pane.show()
    pane.show_run("Starter", "capitals")
    return Asking(pane)


def test_columns_are_added_moved_and_removed_and_six_is_the_most(asking: Asking) -> None:
    pane = asking.pane
    assert asking.keys == ["base", "tuned"]
    pane.add_contestant(Contestant(kind="tuned", step=60))
    pane.add_contestant(Contestant(kind="tuned", step=60))  # once is enough
    pane.columns.heads[0].acted.emit(RIGHT)
    assert asking.keys == ["tuned", "base", "tuned@60"]
    pane.columns.heads[1].acted.emit(REMOVE)
    assert asking.keys == ["tuned", "tuned@60"]
    for step in range(1, 9):
        pane.add_contestant(Contestant(kind="tuned", step=step))
    assert len(asking.keys) == 6
    assert not pane._add.isEnabled()
    for _ in range(6):
        pane.columns.heads[0].acted.emit(REMOVE)
    assert len(asking.keys) == 1  # somebody stays


def test_each_column_goes_on_with_what_it_said_itself(asking: Asking) -> None:
    asking.pane.system.field.setPlainText("Be brief.")
    asking.ask("One?", "base says one", "tuned says one")
    asking.ask("Two?", "b", "t")
    system, one, two = ("system", "Be brief."), ("user", "One?"), ("user", "Two?")
    assert asking.turns(0) == [system, one, ("assistant", "base says one"), two]
    assert asking.turns(1) == [system, one, ("assistant", "tuned says one"), two]
    asking.pane.add_contestant(SERVED)
    asking.ask("Three?", "b", "t", "s")
    assert asking.turns(2) == [system, ("user", "Three?")]  # it was not asked the others


def test_a_question_can_stand_alone(asking: Asking) -> None:
    asking.ask("One?", "1", "1")
    asking.pane.ask_alone("Two?")
    assert asking.turns() == [("user", "Two?")]
    asking.answer("2", "2")
    asking.ask("Three?", "3", "3")
    assert [text for _, text in asking.turns()] == ["Two?", "2", "Three?"]
    asking.pane.alone.trigger()
    asking.ask("Four?", "4", "4")
    assert asking.turns() == [("user", "Four?")]


def test_an_edited_question_is_a_version_and_the_old_one_keeps_what_came_of_it(
    asking: Asking, qtbot: QtBot
) -> None:
    asking.ask("Capital of Norway?", "Oslo", "Oslo")
    asking.ask("And its river?", "Akerselva", "Akerselva")
    bar = asking.pane.columns.exchanges[0].question
    bar.edit.click()
    qtbot.keyClicks(bar.field, "Capital of Japan?")
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert asking.turns() == [("user", "Capital of Japan?")]
    asking.answer("Tokyo", "Tokyo")
    assert [view.prompt for view in asking.pane.columns.exchanges] == ["Capital of Japan?"]
    bar = asking.pane.columns.exchanges[0].question
    assert bar.count.text() == "2 of 2"
    bar.earlier.click()
    shown = asking.pane.columns.exchanges
    assert [(view.prompt, view.text("base")) for view in shown] == [
        ("Capital of Norway?", "Oslo"),
        ("And its river?", "Akerselva"),
    ]


def test_escape_leaves_a_question_as_it_was(asking: Asking, qtbot: QtBot) -> None:
    asking.ask("One?", "1", "1")
    bar = asking.pane.columns.exchanges[0].question
    bar.edit.click()
    qtbot.keyClicks(bar.field, "Two?")
    qtbot.keyClick(bar.field, Qt.Key.Key_Escape)
    assert bar.field.isHidden()
    assert len(asking.sent) == 1


def test_answering_anew_takes_the_next_seed(asking: Asking) -> None:
    asking.ask("One?", "1", "1")
    asking.pane.columns.exchanges[0].question.anew.click()
    assert [each.sampling.seed for each in asking.sent] == [0, 1]
    assert asking.sent[1].talks == asking.sent[0].talks


def test_an_answer_goes_on_from_its_own_tokens(asking: Asking) -> None:
    asking.ask("Count.", "One, two,", "1")
    number = asking.pane.columns.exchanges[0].exchange.number
    asking.pane.columns.answer_acted.emit("continue", number, "base")
    talk = asking.sent[-1].talks[0]
    assert (len(asking.sent[-1].talks), talk.begun, talk.begun_ids) == (1, "One, two,", (1, 2, 3))
    asking.pane.show_event(AnswerPiece("base", " three"))
    asking.answer(" three")
    view = asking.pane.columns.exchanges[0]
    assert (view.text("base"), view.text("tuned")) == ("One, two, three", "1")


def test_what_an_answer_begins_with_is_shown_once_though_a_model_tells_it_anew() -> None:
    column = ChatColumn("base", Contestant())
    local, served = (ColumnAnswer(column, "One, two,", "One, two,") for _ in range(2))
    assert [local.take(piece) for piece in ("One,", " two, th", "ree")] == ["", " th", "ree"]
    assert [served.take(piece) for piece in (" three", " four")] == [" three", " four"]
    assert (local.text, served.text) == ("One, two, three", "One, two, three four")


def test_a_completion_is_asked_without_template_and_system_prompt(asking: Asking) -> None:
    asking.pane.system.field.setPlainText("Be brief.")
    asking.pane.raw.trigger()
    asking.ask("Once upon a time", " there", " there")
    talk = asking.sent[0].talks[0]
    assert talk.is_raw
    assert talk.turns == (Message("user", "Once upon a time"),)
    assert "without a template" in asking.pane.header.subtitle()


def test_a_slider_changes_how_strongly_a_fine_tune_acts_from_the_next_answer_on(
    asking: Asking, qtbot: QtBot
) -> None:
    asking.ask("One?", "1", "1")
    strength = asking.pane.columns.heads[1].strength
    assert strength is not None
    strength.slider.setFocus()
    qtbot.keyClick(strength.slider, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: asking.keys == ["base", "tuned*1.05"])
    asking.ask("Two?", "2", "2")
    assert asking.sent[-1].talks[1].contestant.strength == 1.05
    one, two = asking.pane.columns.exchanges
    for view, step in ((one, 10), (two, 20)):
        view.begin("tuned", AnswersBegin("starter", "capitals", step, "tuned"))
    assert one.foot("tuned").startswith("capitals, step 10 · 3 tokens")
    assert two.foot("tuned").startswith("capitals, step 20, at 1.05 of its strength · ")
    assert asking.pane.columns.heads[0].strength is None  # the base has none


def test_the_base_says_that_its_weights_are_the_originals(asking: Asking) -> None:
    asking.ask("One?", "1", "1")
    view = asking.pane.columns.exchanges[0]
    for who in ("base", "tuned"):
        view.begin(who, AnswersBegin("starter", "", 0, who, fingerprint="ab12", is_shared=True))
    assert view.foot("base").endswith("✓ verified base")
    assert "Fingerprint ab12" in view.cells["base"]._foot.toolTip()
    assert "verified" not in view.foot("tuned")


def test_words_that_differ_are_marked(asking: Asking) -> None:
    asking.ask("Capital?", "It is Oslo.", "It is Bergen.")
    asking.pane.ways["difference"].trigger()
    cells = asking.pane.columns.exchanges[0].cells
    assert (cells["base"].text.marked(), cells["tuned"].text.marked()) == (["Oslo"], ["Bergen"])
    asking.pane.ways["plain"].trigger()
    assert cells["base"].text.toPlainText() == "It is Oslo."


def test_what_was_written_as_system_prompt_stays_whatever_a_run_was_trained_with(asking: Asking) -> None:
    system = asking.pane.system
    system.set_trained("You are a bank.")
    assert system.text() == "You are a bank."
    system.set_trained("You are a shop.")
    assert system.text() == "You are a shop."
    system.field.setPlainText("You are a pirate.")
    system.set_trained("You are a bank.")
    assert system.text() == "You are a pirate."
    system.reset.click()
    assert system.text() == "You are a bank."


def test_an_answer_that_calls_tools_says_which() -> None:
    call = MadeCall("weather", '{"city": "Oslo"}')
    ended = AnswerEnded("tuned", "{}", 10, 3, 50.0, 0.1, "stop", (1, 2, 3), (call,))
    assert foot_text(ended).endswith(" · calls weather")


def test_an_answer_is_copied_as_it_was_written(asking: Asking) -> None:
    asking.ask("One?", "**1**", "1")
    asking.pane.columns.exchanges[0].cells["base"]._copy.click()
    assert QApplication.clipboard().text() == "**1**"
