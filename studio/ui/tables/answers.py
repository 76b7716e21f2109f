"""Both answers to every golden prompt as a list that can be filtered, and how one of them is painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from studio.events import GoldenAnswer
from studio.ui.plain import tip

Index = QModelIndex | QPersistentModelIndex
ANSWER = int(Qt.ItemDataRole.UserRole) + 4
"""The role under which the whole GoldenAnswer is asked for."""

KINDS = {
    "fixed": ("Fixed", "good"),
    "broken": ("Broken", "bad"),
    "both wrong": ("Both wrong", "warn"),
    "both right": ("Both right", "dim"),
}


def kind_of(answer: GoldenAnswer) -> str:
    """What training did to this answer: one of KINDS."""
    if answer.base_right:
        return "both right" if answer.tuned_right else "broken"
    return "fixed" if answer.tuned_right else "both wrong"


class AnswersModel(QAbstractListModel):
    """Holds golden answers in the order of the golden set and shows those of one kind."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers: list[GoldenAnswer] = []
        self._shown: list[GoldenAnswer] = []
        self._kind = "all"

    def clear(self) -> None:
        self.beginResetModel()
        self._answers, self._shown = [], []
        self.endResetModel()

    def add(self, answers: Sequence[GoldenAnswer]) -> None:
        """Append answers as they arrive."""
        self._answers.extend(answers)
        passing = [answer for answer in answers if self._passes(answer)]
        if passing:
            first = len(self._shown)
            self.beginInsertRows(QModelIndex(), first, first + len(passing) - 1)
            self._shown.extend(passing)
            self.endInsertRows()

    def show(self, kind: str) -> None:
        """Let through the answers of one of KINDS, or "all", in the order of the golden set."""
        self.beginResetModel()
        self._kind = kind
        self._answers.sort(key=lambda answer: answer.index)
        self._shown = [answer for answer in self._answers if self._passes(answer)]
        self.endResetModel()

    def counts(self) -> dict[str, int]:
        counts = {"all": len(self._answers), **dict.fromkeys(KINDS, 0)}
        for answer in self._answers:
            counts[kind_of(answer)] += 1
        return counts

    def _passes(self, answer: GoldenAnswer) -> bool:
        return self._kind in ("all", kind_of(answer))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = 0) -> Any:
        answer = self._shown[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return answer.prompt
            case Qt.ItemDataRole.ToolTipRole:
                return tip(_tooltip(answer))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{KINDS[kind_of(answer)][0]}: {answer.prompt}. Tuned: {answer.tuned}"
        return answer if role == ANSWER else None


def _tooltip(answer: GoldenAnswer) -> str:
    parts = (
        ("Prompt", answer.prompt),
        ("Ideal", answer.ideal),
        ("Base", answer.base),
        ("Tuned", answer.tuned),
    )
    return "\n\n".join(f"{name}\n{text[:600]}" for name, text in parts)
