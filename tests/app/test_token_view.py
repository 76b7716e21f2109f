"""An answer of the playground token by token, with the real starter model: read, and gone on from."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.events import AnswerEnded
from studio.generate.contestant import Approach, Contestant
from studio.paths import STARTER_MODEL, model_folder
from studio.ui.chat.exchange import ExchangeView
from studio.ui.dialogs.answer_tokens import SHIFT, AnswerTokensDialog
from studio.ui.dialogs.likely_tokens import LikelyTokens

TERSE = Approach(name="system_prompt", system="Answer in one word.")


def taught(studio: Studio, qtbot: QtBot) -> ExchangeView:
    """Starter, Starter with another system prompt, and a server, asked one thing."""
    pane, folder = studio.panes.playground, str(model_folder(STARTER_MODEL))
    studio.window.show_pane("playground")
    pane.add_contestant(Contestant(kind="model", model=folder))
    pane.add_contestant(Contestant(kind="model", model=folder, approach=TERSE))
    pane.panel.control("max_tokens").set_value(24)
    pane.panel.control("max_tokens").edited.emit()
    pane.ask_alone("What is the capital of Norway?")
    qtbot.waitUntil(lambda: not pane.chat.busy and bool(pane.columns.exchanges))
    return pane.columns.exchanges[0]


def opened(studio: Studio, qtbot: QtBot, view: ExchangeView, who: str) -> AnswerTokensDialog:
    """The dialog of a column's answer, opened by its key, once the answer is read."""
    text = view.cells[who].text
    studio.window.activateWindow()  # else no key of it is a shortcut
    text.setFocus()
    qtbot.waitUntil(text.hasFocus)
    QTest.keyClick(text, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    dialog = studio.answer_tokens.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.read is not None or not studio.answer_tokens.request.busy)
    return dialog


def able(tokens: LikelyTokens) -> list[int]:
    """The ids that can be taken, from top to bottom."""
    items = [tokens.topLevelItem(place) for place in range(tokens.topLevelItemCount())]
    flag = Qt.ItemFlag.ItemIsSelectable
    return [each.data(0, Qt.ItemDataRole.UserRole) for each in items if each and each.flags() & flag]


def test_an_answer_goes_on_from_another_token_and_the_old_one_stays(studio: Studio, qtbot: QtBot) -> None:
    view = taught(studio, qtbot)
    who, other = view.cells
    old = view.exchange.answers[who]
    assert old.ended is not None
    dialog = opened(studio, qtbot, view, who)
    read = dialog.read
    assert read is not None
    assert tuple(each.id for each in read.tokens) == old.ended.ids
    assert len(read.readers) == 2
    dialog.ways.choose(SHIFT)
    assert any(abs(each.shifts[1]) > 0.01 for each in read.tokens)
    QTest.keyClick(dialog.view, Qt.Key.Key_Right)
    QTest.keyClick(dialog.view, Qt.Key.Key_Right)
    assert dialog.view.current == 2
    taken = able(dialog.list)[0]
    assert taken != old.ended.ids[2]
    QTest.keyClick(dialog.view, Qt.Key.Key_Return)
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    chat = studio.panes.playground.chat
    qtbot.waitUntil(lambda: not chat.busy and studio.panes.playground.columns.exchanges[0] is not view)
    (now,) = studio.panes.playground.columns.exchanges
    new = now.exchange.answers[who]
    assert new.ended is not None
    assert new.ended.ids[:3] == (*old.ended.ids[:2], taken)
    assert new.text == new.ended.text == now.text(who)
    assert now.exchange.answers[other] is view.exchange.answers[other]
    assert (now.question.count.text(), now.question.earlier.isVisible()) == ("2 of 2", True)
    chat.turn(now.exchange.number, -1)
    assert studio.panes.playground.columns.exchanges[0].text(who) == old.text


def test_what_has_no_tokens_or_can_be_read_no_more_says_why(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    pane = studio.panes.playground
    pane.send_requested.disconnect()
    pane.add_contestant(Contestant(kind="server", server="http://localhost:1/v1", model="small"))
    pane.add_contestant(Contestant(kind="model", model=str(tmp_path / "gone")))
    pane.ask_alone("Capital of Norway?")
    served, gone = pane.chat.whos.values()
    number = pane.columns.exchanges[0].exchange.number
    for key, ids, word in ((served, (), "server"), (gone, (), "not whole"), (gone, (5, 6), "gone")):
        pane.show_event(AnswerEnded(key, "Oslo", 10, 1, 5.0, 0.1, "stop", ids))
        pane.answer_acted.emit("tokens", number, key)
        dialog = studio.answer_tokens.dialog
        assert dialog is not None
        qtbot.waitUntil(lambda: not studio.answer_tokens.request.busy)
        assert word in dialog.status.text()
        assert dialog.status.isVisible()
        assert not dialog.view.isVisible()
        assert not dialog.ways.isVisible()
        dialog.accept()
