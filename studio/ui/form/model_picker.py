"""Which model to train: the bundled starter, the folders chosen so far, or another folder."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter

from studio.language import tr
from studio.paths import STARTER_MODEL, model_name
from studio.ui.plain import tip
from studio.ui.widgets.popup import Combo

CHOOSE = tr("Choose folder…")
STARTER_TITLE = tr("Starter")


def model_title(model: str) -> str:
    """A model's name for people, or the starter's title."""
    return STARTER_TITLE if model == STARTER_MODEL else model_name(model) or model


class ModelPicker(Combo):
    """A list of models; "Choose folder…" asks for another one and leaves the choice as it was."""

    edited = Signal()
    choose_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Model"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.addItem(STARTER_TITLE, STARTER_MODEL)
        self.insertSeparator(1)
        self.addItem(CHOOSE)
        self._chosen = 0
        self._offered: list[str] = []
        self.activated.connect(self._on_activated)

    def chosen(self) -> str:
        return str(self.itemData(self._chosen))

    def models(self) -> list[str]:
        """All that the list offers."""
        return [str(model) for place in range(self.count()) if (model := self.itemData(place))]

    def offer(self, models: Iterable[str]) -> None:
        """Offer these models, in place of those that were offered before; the chosen one stays."""
        chosen, offered = self.chosen(), list(models)
        for gone in set(self._offered) - {*offered, chosen}:
            self.removeItem(self.findData(gone))
        self._offered = offered
        for model in offered:
            self._place_of(model)
        self._chosen = self.findData(chosen)
        self.setCurrentIndex(self._chosen)

    def set_model(self, model: str) -> None:
        """Choose a model, adding it to the list when it is new."""
        self._chosen = self._place_of(model)
        self.setCurrentIndex(self._chosen)
        self.setToolTip(tip(tr("The model that ships with the app.") if model == STARTER_MODEL else model))

    def _place_of(self, model: str) -> int:
        """Where a model stands in the list, in which it is put where it is new."""
        index = self.findData(model)
        if index < 0:
            index = self.count() - 2
            self.insertItem(index, model_title(model), model)
            self.setItemData(index, tip(model), Qt.ItemDataRole.ToolTipRole)
        return index

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the style paints it, but a long name ends in an ellipsis."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.width() - 42
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, room
        )
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def _on_activated(self, index: int) -> None:
        if self.itemText(index) == CHOOSE:
            self.setCurrentIndex(self._chosen)
            self.choose_requested.emit()
        elif index != self._chosen:
            self.set_model(str(self.itemData(index)))
            self.edited.emit()
