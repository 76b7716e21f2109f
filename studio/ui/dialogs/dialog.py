"""What every dialog is made of: a heading, a paragraph, a body, and a row of buttons at the foot."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QFormLayout, QLayout, QPushButton, QWidget

from studio.language import tr
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.layout import Item, column, row

_INSIDE = (24, 20, 24, 20)


class Dialog(QDialog):
    """Accepted with `agree`, the default button, rejected with `cancel`; a subclass calls `fill` once."""

    def __init__(
        self, heading: str, text: str = "", agree: str = "", parent: QWidget | None = None, *, width: int = 0
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(heading)
        if width:
            self.setFixedWidth(width)
        self.heading, self.text = WrapLabel(heading, "state-title"), WrapLabel(text, tone="dim")
        if not text:
            self.text.hide()
        self.agree, self.cancel = Button(agree, "primary"), Button(tr("Cancel"))
        self.agree.clicked.connect(self.on_agreed)
        self.cancel.clicked.connect(self.on_cancelled)

    def fill(self, *body: Item, foot: tuple[Item, ...] = (...,)) -> None:
        """Lay out the parts under the paragraph, and `foot` before the two buttons."""
        buttons = row(*foot, self.cancel, self.agree)
        column(self.heading, self.text, *body, 2, buttons, on=self, inside=_INSIDE, gap=12)
        for button in self.findChildren(QPushButton):  # else Return presses the first that has the focus next
            button.setAutoDefault(button is self.agree)
        self.agree.setDefault(True)  # only now, as a button tells this to the dialog that it is in

    def on_agreed(self) -> None:
        """What the button that agrees does."""
        self.accept()

    def on_cancelled(self) -> None:
        """What the other button does."""
        self.reject()


def fields(*lines: tuple[str, QWidget | QLayout]) -> QFormLayout:
    """Captions beside what they name, which a screen reader calls the same."""
    form = QFormLayout()
    form.setHorizontalSpacing(16)
    form.setVerticalSpacing(8)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    for caption, part in lines:
        if isinstance(part, QWidget) and caption:
            part.setAccessibleName(caption)
        form.addRow(caption, part)
    return form
