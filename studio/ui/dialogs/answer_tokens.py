"""An answer token by token: how likely each was, how sure the model, how far others are from it there."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from studio.events import AnswerRead, TokenRead
from studio.language import tr
from studio.ui.dialogs.dialog import Dialog
from studio.ui.dialogs.likely_tokens import PART, LikelyTokens, TokenReader, share, visible
from studio.ui.plots.style import three_digits
from studio.ui.plots.token_shades import STRONGEST, ShadedText
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import PlainLabel, WrapLabel, note
from studio.ui.widgets.layout import add, clear, row
from studio.ui.widgets.popup import ElidedCombo
from studio.ui.widgets.tabs import Tabs

PROBABILITY, ENTROPY, SHIFT = "probability", "entropy", "shift"
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_LINES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_HOW = tr(
    "Point at a token, or go with the arrow keys. Click it, or press Return, to choose another one for it in "
    "the list: the answer then goes on from there."
)
_ROOM, _BESIDE = QSize(980, 640), 290


class AnswerTokens(ShadedText):
    """Shaded tokens, one of which is the current one; the mouse looks at others without leaving it."""

    looked_at = Signal(int)  # the place of a token
    entered = Signal()  # Return was pressed on the current one

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, tr("Tokens of the answer"))
        self.current, self._seen = 0, 0
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)

    def words_of(self, place: int) -> str:
        """Nothing, which shows no tooltip: the list beside the tokens tells more."""
        return ""

    def go_to(self, place: int) -> None:
        """Make a token the current one, as far as there are so many."""
        if self._texts:
            self.current = max(0, min(place, len(self._texts) - 1))
            self._look_at(self.current)
            self._show_cursor()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in _STEPS:
            self.go_to(self.current + _STEPS[Qt.Key(key)])
        elif key in _LINES:
            self._go_down(_LINES[Qt.Key(key)])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.go_to(0 if key == Qt.Key.Key_Home else len(self._texts))
        elif key in _ENTERS:
            self.entered.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.token_at(event.position().toPoint())
        if place >= 0:
            self.go_to(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.token_at(event.position().toPoint())
        if place >= 0:
            self._look_at(place)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._look_at(self.current)

    def _draw(self) -> None:
        super()._draw()
        self._mark()

    def _look_at(self, place: int) -> None:
        if place != self._seen or place == self.current:
            self._seen = place
            self._mark()
            self.looked_at.emit(place)

    def _mark(self) -> None:
        """Fill the current token, and tint the one under the mouse."""
        tokens = self._theme.tokens
        marks: list[QTextEdit.ExtraSelection] = []
        for place, ground, ink in (
            (self.current, tokens.fill, tokens.on_fill),
            (self._seen, tokens.tint("accent", 0.5), tokens.text),
        ):
            if place < len(self._starts) and not (marks and place == self.current):
                mark = QTextEdit.ExtraSelection()
                mark.cursor = self._cursor(place)
                mark.format.setBackground(QColor(ground))
                mark.format.setForeground(QColor(ink))
                marks.append(mark)
        self.setExtraSelections(marks)

    def _cursor(self, place: int) -> QTextCursor:
        """Over a token, whose start comes last so that it is what is scrolled to."""
        cursor = QTextCursor(self.document())
        last = place + 1 >= len(self._starts)
        end = self.document().characterCount() - 1 if last else self._starts[place + 1]
        cursor.setPosition(end)
        cursor.setPosition(self._starts[place], QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _show_cursor(self) -> None:
        cursor = self._cursor(self.current)
        cursor.clearSelection()
        cursor.setPosition(self._starts[self.current])
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def _go_down(self, lines: int) -> None:
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._starts[self.current])
        box = self.cursorRect(cursor)
        there = QPoint(box.left() + 3, box.center().y() + round(lines * box.height() * 1.3))
        position = self.cursorForPosition(there).position()
        places = [place for place, start in enumerate(self._starts) if start <= position]
        self.go_to(places[-1] if places else 0)


class ShadeScale(QWidget):
    """The shades between two ends, with words at both."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._tones = theme, ("", "")
        self._low, self._high = PlainLabel(), PlainLabel()
        for label in (self._low, self._high):
            label.setProperty("role", "note")
        row(self._low, 108, self._high, ..., on=self, gap=6)
        theme.changed.connect(self.update)

    def words(self) -> str:
        """What stands at its ends."""
        return tr("{text} to {text2}", text=self._low.text(), text2=self._high.text())

    def show_scale(self, low: str, high: str, tones: tuple[str, str]) -> None:
        """From the strongest shade of one tone, or none, over the ground to that of another one."""
        self._low.setText(low)
        self._high.setText(high)
        self._tones = tones
        self.setAccessibleName(tr("Shades: {words}", words=self.words()))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, painter = self._theme.tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = self._low.geometry().right() + 8, self._high.geometry().left() - 7
        shades = QLinearGradient(left, 0, right, 0)
        middle = 0.5 if all(self._tones) else 0.0 if self._tones[1] else 1.0
        shades.setColorAt(middle, QColor(tokens.panel))
        for at, tone in zip((0.0, 1.0), self._tones, strict=True):
            if tone:
                shades.setColorAt(at, QColor(tokens.tint(tone, STRONGEST)))
        painter.setPen(QColor(tokens.edge))
        painter.setBrush(shades)
        painter.drawRoundedRect(left, self.height() // 2 - 5, right - left, 10, 3, 3)


class AnswerTokensDialog(Dialog):
    """Shows an answer in shades; a token that could stand in another one's place is gone on from."""

    continued = Signal(int, int)  # the place of a token, and the id of the one to stand there

    def __init__(self, theme: Theme, source: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Tokens of this answer"), source, tr("Close"), parent)
        self._theme = theme
        self._readers: Sequence[TokenReader] = ()
        self.read: AnswerRead | None = None
        self.view, self.list, self.scale = AnswerTokens(theme), LikelyTokens(theme), ShadeScale(theme)
        self.ways = Tabs(
            ((PROBABILITY, tr("Probability")), (ENTROPY, tr("Entropy")), (SHIFT, "Shift")), role="segment"
        )
        self.against = ElidedCombo()
        self.against.setMinimumContentsLength(20)
        self.against.setAccessibleName(tr("Whom the answer is compared with"))
        self.status, self.token, self.facts = WrapLabel(tr("Reading the answer…")), PlainLabel(), note("")
        self.token.setProperty("role", "title")
        self._lay_out()
        self._connect()
        self._show_parts(shown=False)

    def _lay_out(self) -> None:
        card = Card()
        add(card.body, (self.view, 1))
        self._parts = clear(
            row(self.ways, self.against, (self.scale, 1), gap=12),
            (row((card, 1), (self._beside(), 0), gap=20), 1),
            note(_HOW),
            gap=10,
        )
        self.fill(self.status, (self._parts, 1))
        self.cancel.hide()
        window = self.parentWidget()
        self.resize(_ROOM if window is None else _ROOM.boundedTo(window.size() - QSize(80, 60)))

    def _beside(self) -> QWidget:
        side = clear(self.token, self.facts, (self.list, 1), gap=4)
        side.setFixedWidth(_BESIDE)
        return side

    def _connect(self) -> None:
        self._theme.changed.connect(self._tell_again)
        self.ways.chosen.connect(self._shade)
        self.against.currentIndexChanged.connect(self._shade)
        self.view.looked_at.connect(self._tell)
        self.view.entered.connect(self.list.enter)
        self.list.taken.connect(self._go_on)

    def say(self, words: str, tone: str = "") -> None:
        """Say why there are no tokens to see."""
        self.status.setText(words)
        self.status.set_tone(tone)
        self._show_parts(shown=False)

    def show_answer(self, read: AnswerRead, readers: Sequence[TokenReader]) -> None:
        """Show an answer; `readers` are all that stand beside it, the one that gave it first."""
        self.read, self._readers = read, readers
        for each in readers:
            if each.place > 0:
                self.against.addItem(tr("against {title}", title=each.title), each.place)
        can_shift = self.against.count() > 0
        self.ways.button(SHIFT).setEnabled(can_shift)
        self.ways.button(SHIFT).setToolTip(
            "" if can_shift else tr("Nobody else here reads with the same tokens")
        )
        self._show_parts(shown=True)
        self._shade()
        self.view.go_to(0)
        self.view.setFocus()

    def _show_parts(self, *, shown: bool) -> None:
        self._parts.setVisible(shown)
        self.status.setVisible(not shown)

    def _other(self) -> int:
        """The place of the reader that is compared with; 0, the answer's own, where there is none."""
        return int(self.against.currentData() or 0)

    def _shade(self) -> None:
        if self.read is None:
            return
        way, tokens, other = self.ways.current, self.read.tokens, self._other()
        self.against.setVisible(way == SHIFT)
        texts = [visible(each.text) for each in tokens]
        if way == PROBABILITY:
            self.view.show_tokens(texts, [each.probability - 1 for each in tokens], "", 1.0)
            self.scale.show_scale("certain", "unlikely", ("", "second"))
        elif way == ENTROPY:
            values = [each.entropy for each in tokens]
            most = max((*values, 1.0))
            self.view.show_tokens(texts, values, "nats", most)
            self.scale.show_scale(
                "sure", tr("unsure, {three_digits} nats", three_digits=three_digits(most)), ("", "accent")
            )
        else:
            values = [each.shifts[other] for each in tokens]
            most = max((*map(abs, values), 1.0))
            self.view.show_tokens(texts, values, "nats", most)
            self.scale.show_scale(
                tr("less likely here"),
                tr("more likely here, {three_digits} nats", three_digits=three_digits(most)),
                ("second", "accent"),
            )
        self._tell_again()

    def _tell_again(self) -> None:
        self._tell(self.view.current)

    def _tell(self, place: int) -> None:
        """Say what is known of a token, and list what else could stand there."""
        if self.read is None or place >= len(self.read.tokens):
            return
        token = self.read.tokens[place]
        self.token.setText(_named(token))
        self.facts.setText(self._facts(token, place))
        self.view.setAccessibleDescription(f"{_named(token)}: {self.facts.text()}")
        self.list.show_token(token, self._readers)

    def _facts(self, token: TokenRead, place: int) -> str:
        told = [
            tr("{value:,} of {count:,}", value=place + 1, count=len(self.read.tokens if self.read else ())),
            tr("probability {share}", share=share(token.probability)),
            tr("entropy {entropy:.2f} nats", entropy=token.entropy),
        ]
        if self.ways.current == SHIFT and (other := self._other()):
            times = math.exp(min(abs(token.shifts[other]), 50))
            more = "more" if token.shifts[other] >= 0 else "less"
            told.append(
                tr("{times} {more} likely here", times=_times(times), more=more)
                if times >= 1.05
                else tr("as likely here")
            )
        return " · ".join(told)

    def _go_on(self, token: int) -> None:
        self.continued.emit(self.view.current, token)
        self.accept()


def _times(factor: float) -> str:
    return (
        tr("over 1,000 times")
        if factor > 1000
        else tr("{three_digits} times", three_digits=three_digits(factor))
    )


def _named(token: TokenRead) -> str:
    """A token's text on one line in quotes, or what it is where it spells nothing by itself."""
    if not token.text or PART in token.text:
        return tr("Token {id:,}, part of a character", id=token.id)
    told = token.text.encode("unicode_escape").decode() if not token.text.isprintable() else token.text
    return f"“{told[:60]}”"
