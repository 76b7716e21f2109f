"""Answers as Markdown: nothing in them is fetched, obeyed or hidden."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from studio.ui.chat.answer_text import MARKDOWN, PLAIN, ShownAnswer
from studio.ui.chat.markdown import MOST_CHARACTERS, opens_outside
from studio.ui.theme import Theme


@pytest.fixture
def answer(qtbot: QtBot, theme: Theme) -> ShownAnswer:
    answer = ShownAnswer(theme, "Answer")
    qtbot.addWidget(answer)
    answer.resize(500, 200)
    answer.show()
    return answer


def shown(answer: ShownAnswer, text: str) -> str:
    answer.show_answer(text, MARKDOWN)
    return answer.toPlainText().strip()


def test_html_is_text(answer: ShownAnswer) -> None:
    hostile = "<b>x</b> <img src='file:///etc/hostname'> <script>alert(1)</script>"
    assert shown(answer, hostile) == hostile
    assert shown(answer, "<div onclick='x'>hi</div>") == "<div onclick='x'>hi</div>"


def test_a_picture_is_what_asks_for_it_and_is_never_loaded(answer: ShownAnswer) -> None:
    asked = "![cat](http://example.com/c.png) and ![](file:///etc/passwd)"
    assert shown(answer, asked) == asked
    assert "\ufffc" not in answer.toPlainText()  # what stands for a picture in a document
    assert answer.document().resource(2, "file:///etc/passwd") == b""


def test_a_head_of_a_file_is_not_swallowed(answer: ShownAnswer) -> None:
    assert "title: secret" in shown(answer, "---\ntitle: secret\n---\nhello")


def test_lines_stay_lines(answer: ShownAnswer) -> None:
    assert shown(answer, "one\ntwo\nthree").split() == ["one", "two", "three"]
    assert len(answer.toPlainText().strip().splitlines()) == 3


def test_code_stays_as_it_is(answer: ShownAnswer) -> None:
    code = "if a < b:\n    print('*x*')"
    assert shown(answer, f"```python\n{code}\n```") == code
    assert shown(answer, f"```\n{code}") == code  # while it streams


def test_a_link_is_announced_and_opens_nothing(answer: ShownAnswer, qtbot: QtBot) -> None:
    shown(answer, "[the page](http://example.com/a)")
    assert answer.links() == ["http://example.com/a"]
    clicked: list[str] = []
    answer.link_clicked.connect(clicked.append)
    point = next(
        QPoint(x, y) for y in range(2, 60, 3) for x in range(2, 80, 3) if answer.anchorAt(QPoint(x, y))
    )
    qtbot.mouseClick(answer.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert clicked == ["http://example.com/a"]


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("https://a.b", True),
        ("mailto:a@b.c", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("smb://x", False),
        ("", False),
    ],
)
def test_only_pages_and_mails_are_opened(address: str, opens: bool) -> None:
    assert opens_outside(address) == opens


def test_a_very_long_or_very_wide_text_is_shown_as_it_is_written(answer: ShownAnswer) -> None:
    for text in ("**x** " * (MOST_CHARACTERS // 5), "|a" * 500 + "\n" + "|-" * 500):
        answer.show_answer(text, MARKDOWN)
        assert answer.toPlainText() == text


def test_a_stream_ends_as_the_whole_does(answer: ShownAnswer) -> None:
    text = "# Head\n\n- **a**\n- `b`\n\n1 * 2 * 3"
    whole = shown(answer, text)
    answer.show_answer("", MARKDOWN)
    for place in range(0, len(text), 3):
        answer.add(text[place : place + 3])
    assert answer.toPlainText().strip() == whole
    assert answer.written() == text
    answer.show_answer(text, PLAIN)
    assert answer.toPlainText() == text
