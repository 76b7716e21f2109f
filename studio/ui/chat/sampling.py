"""The sampling controls, generated from the fields of `Sampling`."""

from __future__ import annotations

from typing import Any

import annotated_types
from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QPlainTextEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.generate.sampling import MOST_STOPS, Sampling, read_stop, write_stop
from studio.ui.plain import tip
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import PlainLabel, note
from studio.ui.widgets.switch import Switch

_SPACING = 10
_WIDTH, _STOP_HEIGHT = 132, 62
TYPED = "Typed tokens"
_TYPED_TIP = "Read control tokens in the prompt as the model's tokens; off, they are text."
DEFAULTS = Sampling.model_validate({})


def bounds(field: FieldInfo) -> tuple[float, float]:
    """The smallest and largest value a field takes; an excluded bound is moved in by a hundredth."""
    low, high = 0.0, float(2**31 - 1)
    for rule in field.metadata:
        match rule:
            case annotated_types.Ge(ge=bound):
                low = float(bound)  # type: ignore[arg-type]
            case annotated_types.Gt(gt=bound):
                low = float(bound) + 0.01  # type: ignore[arg-type]
            case annotated_types.Le(le=bound):
                high = float(bound)  # type: ignore[arg-type]
    return low, high


class SamplingPanel(QFrame):
    """A popover with one control per sampling field, and a way back to the defaults."""

    changed = Signal(object)  # Sampling

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self._controls: dict[str, QSpinBox | QDoubleSpinBox] = {}
        self._reset = Button("Reset", "quiet")
        self._reset.setToolTip("Back to the defaults")
        self._reset.clicked.connect(self.reset)
        card = Card("Sampling")
        card.head.addWidget(self._reset)
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(_SPACING)
        card.body.addLayout(grid)
        card.body.addWidget(note("Both models are asked the same way."))
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(card)
        for row, (name, field) in enumerate(Sampling.model_fields.items()):
            if name != "stop":
                self._add_control(grid, row, name, field)
        self.stop = self._add_stop(grid, len(Sampling.model_fields), Sampling.model_fields["stop"])
        self.typed_tokens = self._add_typed_tokens(grid, len(Sampling.model_fields) + 1)
        self.reset()

    def _add_control(self, grid: QGridLayout, row: int, name: str, field: FieldInfo) -> None:
        low, high = bounds(field)
        control: QSpinBox | QDoubleSpinBox
        if field.annotation is float:
            control = QDoubleSpinBox()
            control.setDecimals(2)
            control.setRange(low, high)
            control.setSingleStep(0.05)
        else:
            control = QSpinBox()
            control.setRange(int(low), int(high))
            control.setGroupSeparatorShown(True)
        label = PlainLabel(field.title or name)
        for widget in (label, control):
            widget.setToolTip(tip(field.description or ""))
        label.setBuddy(control)
        control.setAccessibleName(field.title or name)
        control.setAccessibleDescription(field.description or "")
        control.setFixedWidth(_WIDTH)
        control.lineEdit().setTextMargins(8, 0, 0, 0)
        control.valueChanged.connect(self._announce)
        grid.addWidget(label, row, 0)
        grid.addWidget(control, row, 1)
        self._controls[name] = control

    def _add_stop(self, grid: QGridLayout, row: int, field: FieldInfo) -> QPlainTextEdit:
        """Texts to stop at, one in a line."""
        editor, label = QPlainTextEdit(), PlainLabel(field.title or "")
        for widget in (label, editor):
            widget.setToolTip(tip(field.description or ""))
        editor.setProperty("role", "field")
        editor.document().setDocumentMargin(0)
        editor.setPlaceholderText("One text per line")
        editor.setAccessibleName(field.title or "")
        editor.setAccessibleDescription(field.description or "")
        editor.setTabChangesFocus(True)
        editor.setFixedSize(_WIDTH, _STOP_HEIGHT)
        editor.textChanged.connect(self._announce)
        label.setBuddy(editor)
        grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(editor, row, 1)
        return editor

    def _add_typed_tokens(self, grid: QGridLayout, row: int) -> Switch:
        """How the prompt is read; no part of `Sampling`, and off unless the person asks for it."""
        switch, label = Switch(), PlainLabel(TYPED)
        for widget in (label, switch):
            widget.setToolTip(tip(_TYPED_TIP))
        switch.setAccessibleName(TYPED)
        switch.setAccessibleDescription(_TYPED_TIP)
        switch.toggled.connect(self._announce)
        label.setBuddy(switch)
        grid.addWidget(label, row, 0)
        grid.addWidget(switch, row, 1)
        return switch

    def control(self, name: str) -> QSpinBox | QDoubleSpinBox:
        return self._controls[name]

    def sampling(self) -> Sampling:
        values: dict[str, Any] = {name: control.value() for name, control in self._controls.items()}
        lines = self.stop.toPlainText().split("\n")
        values["stop"] = tuple(read_stop(line) for line in lines if line)[:MOST_STOPS]
        return Sampling.model_validate(values)

    def set_sampling(self, sampling: Sampling) -> None:
        for name, control in self._controls.items():
            value = getattr(sampling, name)
            control.blockSignals(True)
            control.setValue(value)
            control.blockSignals(False)
        self.stop.blockSignals(True)
        self.stop.setPlainText("\n".join(map(write_stop, sampling.stop)))
        self.stop.blockSignals(False)
        self._announce()

    def reset(self) -> None:
        self.typed_tokens.setChecked(False)
        self.set_sampling(DEFAULTS)

    def show_below(self, anchor: QWidget) -> None:
        """Open under a button, its right edges aligned."""
        self.adjustSize()
        corner = anchor.mapToGlobal(anchor.rect().bottomRight())
        self.move(corner.x() - self.width(), corner.y() + 6)
        self.show()

    def _announce(self) -> None:
        sampling = self.sampling()
        self._reset.setEnabled(sampling != DEFAULTS or self.typed_tokens.isChecked())
        self.changed.emit(sampling)
