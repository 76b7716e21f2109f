"""One prompt and its two answers, side by side."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from studio.events import AnswerEnded
from studio.ui.widgets.chat_text import GrowingText
from studio.ui.widgets.label import Badge, note

COLUMNS = ("base", "tuned")
COLUMN_GAP = 46
"""Between the texts of two columns: a card's inside, the space between cards, a card's inside."""
_ENDINGS = {"length": "cut at the maximum length", "stopped": "stopped"}


def foot_text(ended: AnswerEnded) -> str:
    """What an answer cost: "41 tokens · 116 tok/s · first after 0.09 s"."""
    parts = [
        f"{ended.tokens:,} token{'s' if ended.tokens != 1 else ''}",
        f"{ended.tokens_per_second:,.0f} tok/s",
        f"first after {ended.seconds_to_first:.2f} s",
    ]
    if ending := _ENDINGS.get(ended.finish_reason):
        parts.append(ending)
    return " · ".join(parts)


class Exchange(QWidget):
    """A prompt above each of two answers; rows stay aligned across the columns."""

    def __init__(self, prompt: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.prompt = prompt
        self._answers = {who: GrowingText("answerText") for who in COLUMNS}
        self._feet = {who: note("Waiting…") for who in COLUMNS}
        self._texts: dict[str, list[str]] = {who: [] for who in COLUMNS}
        self._ended: dict[str, AnswerEnded] = {}
        self._same = Badge("Same answer", "dim")
        self._same.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(COLUMN_GAP)
        grid.setVerticalSpacing(8)
        for column, who in enumerate(COLUMNS):
            asked = GrowingText("askedText")
            asked.append_text(prompt)
            self._answers[who].setAccessibleName(f"Answer of {who}")
            grid.addWidget(asked, 0, column, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._answers[who], 1, column, Qt.AlignmentFlag.AlignTop)
            foot = QHBoxLayout()
            foot.addWidget(self._feet[who], 1)
            if who == "tuned":
                foot.addWidget(self._same, 0, Qt.AlignmentFlag.AlignRight)
            grid.addLayout(foot, 2, column)
            grid.setColumnStretch(column, 1)

    def text(self, who: str) -> str:
        return "".join(self._texts[who])

    def foot(self, who: str) -> str:
        return self._feet[who].text()

    @property
    def is_same(self) -> bool:
        return not self._same.isHidden()

    def append(self, who: str, text: str) -> None:
        if not self._texts[who]:
            self._feet[who].setText("Streaming…")
        self._texts[who].append(text)
        self._answers[who].append_text(text)

    def finish(self, ended: AnswerEnded) -> None:
        """Close one column. Its whole text replaces the streamed one where they differ."""
        if self.text(ended.who) != ended.text:
            self._texts[ended.who] = [ended.text]
            self._answers[ended.who].clear()
            self._answers[ended.who].append_text(ended.text)
        self._ended[ended.who] = ended
        self._feet[ended.who].setText(
            foot_text(ended) if ended.text.strip() else f"Empty answer · {foot_text(ended)}"
        )
        texts = {answer.text.strip() for answer in self._ended.values()}
        self._same.setVisible(len(self._ended) == len(COLUMNS) and len(texts) == 1)

    def close_open(self, word: str) -> None:
        """Say in every column that has not ended why nothing more will come."""
        for who in COLUMNS:
            if who not in self._ended:
                self._feet[who].setText(word)
