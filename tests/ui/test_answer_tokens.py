"""The dialog that shows an answer token by token: nothing hides, and each shade says what it should."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QTextCursor
from pytestqt.qtbot import QtBot

from studio.events import AnswerRead, LikelyToken, TokenRead
from studio.ui.dialogs.answer_tokens import ENTROPY, PROBABILITY, SHIFT, AnswerTokensDialog
from studio.ui.dialogs.likely_tokens import TokenReader, spelled, visible
from studio.ui.plots.token_shades import STRONGEST
from studio.ui.theme import Theme, contrast

TEXTS = ("Snow", " ", "", "\N{SNOWMAN}", "\n", "<b>soft</b>", "\u202e", " end")
PROBABILITIES = (1.0, 0.5, 0.02, 0.99, 0.7, 0.0004, 0.3, 0.9)
OTHERS = (
    LikelyToken(90, " or", 0.25),
    LikelyToken(91, "\ufffd", 0.1),
    LikelyToken(92, "<|end|>", 0.05, ends=True),
)


def read_answer(readers: int = 2) -> AnswerRead:
    """An invented answer of tokens that are hard to show; from reader to reader the shift doubles."""
    tokens = [
        TokenRead(
            place,
            text,
            p,
            2 * (1 - p),
            tuple((-1) ** place * (2**n - 1) / 4 for n in range(readers)),
            ((LikelyToken(place, text, p), *OTHERS),) * readers,
        )
        for place, (text, p) in enumerate(zip(TEXTS, PROBABILITIES, strict=True))
    ]
    return AnswerRead("a", tuple("abcdef"[:readers]), tuple(tokens))


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme) -> AnswerTokensDialog:
    dialog = AnswerTokensDialog(theme, "capitals, step 120")
    qtbot.addWidget(dialog)
    dialog.show()
    readers = [TokenReader("Tuned", 0), TokenReader("Base", 1)]
    dialog.show_answer(read_answer(), [*readers, TokenReader("small", why_not="A server tells no tokens.")])
    return dialog


def lines(dialog: AnswerTokensDialog) -> list[str]:
    items = [dialog.list.topLevelItem(place) for place in range(dialog.list.topLevelItemCount())]
    return [f"{item.text(0)} {item.text(1)}".strip() for item in items if item is not None]


def shade(dialog: AnswerTokensDialog, place: int) -> str:
    """The colour behind a token, of the panel where it has none."""
    cursor = QTextCursor(dialog.view.document())
    cursor.setPosition(dialog.view._starts[place] + 1)
    brush = cursor.charFormat().background()
    return brush.color().name() if brush.style() != Qt.BrushStyle.NoBrush else ""


def test_ends_of_line_and_parts_of_characters_are_seen_and_nothing_is_read_as_markup(
    dialog: AnswerTokensDialog,
) -> None:
    assert dialog.view.toPlainText() == "Snow ·\N{SNOWMAN}↵\n<b>soft</b>□ end"
    dialog.view.go_to(2)
    assert dialog.token.text() == "Token 2, part of a character"
    assert [spelled(each) for each in OTHERS] == [
        "␣or",
        "\ufffd part of a character",
        "<|end|>  ends the answer",
    ]
    assert visible("a\r\n\u200bb") == "a␍↵\n□b"


def test_each_column_lists_its_likeliest_tokens_and_a_server_says_that_it_has_none(
    dialog: AnswerTokensDialog,
) -> None:
    dialog.view.go_to(5)
    own = ["<b>soft</b> < 0.1 %", "␣or 25.0 %", "\ufffd part of a character 10.0 %"]
    own += ["<|end|>  ends the answer 5.0 %"]
    assert lines(dialog) == ["Tuned", *own, "Base", *own, "small", "A server tells no tokens."]
    assert dialog.facts.text() == "6 of 8 · probability < 0.1 % · entropy 2.00 nats"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_shades_follow_the_number_and_stay_legible(
    dialog: AnswerTokensDialog, theme: Theme, mode: str
) -> None:
    theme.set_mode(mode)
    tokens = theme.tokens
    for way, tone, most in ((PROBABILITY, "second", 1 - PROBABILITIES[5]), (ENTROPY, "accent", 1)):
        dialog.ways.choose(way)
        assert shade(dialog, 0) == ""
        assert shade(dialog, 5) == QColor(tokens.tint(tone, STRONGEST * most)).name()
        assert contrast(shade(dialog, 5), tokens.text) >= 4.5
    dialog.ways.choose(SHIFT)
    assert shade(dialog, 4) == QColor(tokens.tint("accent", STRONGEST / 4)).name()
    assert shade(dialog, 5) == QColor(tokens.tint("second", STRONGEST / 4)).name()
    assert dialog.facts.text().endswith("1.28 times more likely here")
    assert contrast(tokens.fill, tokens.on_fill) >= 4.5


def test_the_mouse_looks_at_tokens_and_a_click_keeps_one(qtbot: QtBot, dialog: AnswerTokensDialog) -> None:
    view = dialog.view

    def over(place: int) -> QPoint:
        cursor = QTextCursor(view.document())
        cursor.setPosition(view._starts[place])
        return view.cursorRect(cursor).center() + QPoint(5, 0)

    qtbot.mouseMove(view.viewport(), over(3))
    qtbot.waitUntil(lambda: dialog.token.text() == "“\N{SNOWMAN}”")
    assert view.current == 0
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=over(5))
    assert (view.current, dialog.token.text()) == (5, "“<b>soft</b>”")
    with qtbot.waitSignal(dialog.continued) as asked:
        item = dialog.list.topLevelItem(2)
        assert item is not None
        where = dialog.list.visualItemRect(item).center()
        qtbot.mouseClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert asked.args == [5, 90]


def test_what_is_there_already_or_ends_the_answer_is_not_gone_on_from(
    qtbot: QtBot, dialog: AnswerTokensDialog
) -> None:
    for line in (0, 1, 4):
        item = dialog.list.topLevelItem(line)
        assert item is not None
        with qtbot.assertNotEmitted(dialog.continued):
            dialog.list.itemClicked.emit(item, 0)


def test_keys_go_through_tokens_and_lines(qtbot: QtBot, dialog: AnswerTokensDialog) -> None:
    view = dialog.view
    for key, place in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_Down, 5),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_End, 7),
        (Qt.Key.Key_Home, 0),
    ):
        qtbot.keyClick(view, key)
        assert view.current == place, key


def test_one_column_has_nobody_to_be_compared_with_and_six_are_chosen_from(
    qtbot: QtBot, theme: Theme
) -> None:
    for many in (1, 6):
        dialog = AnswerTokensDialog(theme, "")
        qtbot.addWidget(dialog)
        dialog.show_answer(read_answer(many), [TokenReader(f"Model {n}", n) for n in range(many)])
        assert dialog.ways.button(SHIFT).isEnabled() is (many > 1)
        assert dialog.against.count() == many - 1
    dialog.ways.choose(SHIFT)
    dialog.against.setCurrentIndex(4)
    assert dialog.facts.text().endswith("more likely here")
    assert "7.75 nats" in dialog.scale.words()
