"""The token view shows exactly the pieces, and knows which is where."""

from __future__ import annotations

from PySide6.QtGui import QColor, QTextCursor
from pytestqt.qtbot import QtBot

from studio.events import Piece
from studio.ui.chat.tokens import JOINER, SEAM, TokenView, describe
from studio.ui.theme import Theme

PIECES = (
    Piece(1, "<|im_start|>", False, True),
    Piece(2, "user\n", False, False),
    Piece(3, "Grüße 👋", False, False),
    Piece(4, "", False, False),
    Piece(5, "\n", False, False),
    Piece(6, " Hi\n\nthere", True, False),
    Piece(7, " too long", True, False, cut=True),
)


def view_of(qtbot: QtBot, theme: Theme) -> TokenView:
    view = TokenView(theme)
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.set_pieces(PIECES)
    view.show()
    return view


def look_at(view: TokenView, word: str) -> QTextCursor:
    cursor = view.document().find(word)
    assert not cursor.isNull()
    return cursor


def test_the_text_shown_is_the_pieces_joined(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme)
    spelled = "".join(piece.text for piece in PIECES)
    assert view.text() == spelled
    view.selectAll()
    assert view.createMimeDataFromSelection().text() == spelled


def test_several_rows_stand_under_headings_that_are_no_tokens(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme)
    view.set_pieces(PIECES, (3, 4))
    first, second = ("".join(p.text for p in part) for part in (PIECES[:3], PIECES[3:]))
    assert (
        view.toPlainText().replace(JOINER, "").replace(SEAM, "")
        == f"Row 1 of 2\n{first}\n\nRow 2 of 2\n{second}"
    )
    assert view.text() == first + second
    for word, index in (("im_start", 0), ("Hi", 5), ("Row 2", -1)):
        assert view.piece_at(view.cursorRect(look_at(view, word)).center()) == index


def test_trained_special_and_cut_tokens_look_different(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme)
    tokens = theme.tokens
    trained = look_at(view, "there").charFormat()
    special = look_at(view, "im_start").charFormat()
    read = look_at(view, "user").charFormat()
    cut = look_at(view, "long").charFormat()
    assert trained.background().color() == QColor(tokens.tint("good", 0.22))
    assert special.foreground().color() == QColor(tokens.third)
    assert read.foreground().color() == QColor(tokens.dim)
    assert cut.fontStrikeOut()
    assert not trained.fontStrikeOut()


def test_the_piece_under_the_pointer_is_found_behind_wide_characters(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme)
    for word, index in (("im_start", 0), ("user", 1), ("there", 5), ("long", 6)):
        cursor = look_at(view, word)
        cursor.setPosition(cursor.selectionStart() + 1)
        assert view.piece_at(view.cursorRect(cursor).center()) == index
    assert view.piece_at(view.viewport().rect().bottomRight()) == -1


def test_a_tooltip_names_the_id_the_text_and_the_fate() -> None:
    assert describe(PIECES[1]) == "Token 2 · 'user\\n'\nread, not learned"
    assert describe(PIECES[0]).endswith("special, read, not learned")
    assert describe(PIECES[6]).endswith("cut")


def test_the_colours_follow_the_theme(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme)
    before = look_at(view, "user").charFormat().foreground().color()
    theme.set_mode("light" if theme.is_dark else "dark")
    assert look_at(view, "user").charFormat().foreground().color() != before


def test_a_special_token_is_never_broken_over_two_lines(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme)
    for count in range(20, 60):
        view.set_pieces((Piece(1, "x" * count, True, False), Piece(2, "<|im_end|>", True, True)))
        cursor = look_at(view, "im_end")
        ends = []
        for place in (view._starts[1] + 1, view._stops[1]):
            cursor.setPosition(place)
            ends.append(view.cursorRect(cursor).top())
        assert ends[0] == ends[1], count


def test_part_of_a_token_is_copied_as_it_is_spelled(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme)
    cursor = look_at(view, "im_start")
    view.setTextCursor(cursor)
    assert view.createMimeDataFromSelection().text() == "im_start"
