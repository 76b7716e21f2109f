"""The sampling controls, generated from the fields of `Sampling`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from studio.generate.sampling import MOST_STOPS, Sampling, read_stop, write_stop
from studio.language import tr
from studio.recipe.entry import FieldEntry
from studio.ui.form.editors import Editor, LinesField
from studio.ui.form.form import Form
from studio.ui.form.row import FormRow
from studio.ui.plain import tip
from studio.ui.widgets.button import Button, IconButton, Switch
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import note
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Combo

_WIDTH = 320
TYPED = tr("Typed tokens")
_OWN_WAY = tr("As set below")
_TYPED_TIP = tr("Read control tokens in the prompt as the model's tokens; off, they are text.")
DEFAULTS = Sampling.model_validate({})
_ENTRIES = {name: FieldEntry("", name, info) for name, info in Sampling.model_fields.items()}


class SamplingPanel(QFrame):
    """A popover with one control per sampling field, and a way back to the defaults."""

    changed = Signal(object)  # Sampling
    save_requested = Signal()  # as a preset
    delete_requested = Signal(str)  # a preset

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self._reset = Button(tr("Reset"), "quiet")
        self._reset.setToolTip(tr("Back to the defaults"))
        self._reset.clicked.connect(self.reset)
        drawn = [entry for name, entry in _ENTRIES.items() if name != "stop"]
        self.form = Form(drawn)
        self.presets, self._ways = Combo(), dict[str, Sampling]()
        self.presets.setAccessibleName(tr("Preset"))
        self.save = IconButton("save", tr("Save as a preset…"), size=26)
        self.delete = IconButton("trash-2", tr("Delete this preset"), size=26)
        self.save.clicked.connect(self._ask_to_save)
        self.delete.clicked.connect(lambda: self.delete_requested.emit(self.presets.currentText()))
        self._own: frozenset[str] = frozenset()
        self.presets.activated.connect(self._take_preset)
        self.stop, self.typed_tokens = LinesField(_ENTRIES["stop"]), Switch()
        card = Card(tr("Sampling"))
        card.setFixedWidth(_WIDTH)
        card.head.addWidget(self._reset)
        rows = (
            _explained(
                FormRow(tr("Stop at"), self.stop, "above", entry=_ENTRIES["stop"]),
                self.stop,
                _ENTRIES["stop"].help,
            ),
            _explained(FormRow(TYPED, self.typed_tokens, "far"), self.typed_tokens, _TYPED_TIP),
        )
        card.body.addLayout(row((self.presets, 1), self.save, self.delete, gap=4))
        for part in (self.form, *rows, note(tr("Every column is asked the same way."))):
            card.body.addWidget(part)
        column(card, on=self)
        self.stop.setPlaceholderText(tr("One text per line"))
        self.form.changed.connect(self._announce)
        self.stop.edited.connect(self._announce)
        self.typed_tokens.toggled.connect(self._announce)
        self.offer({})
        self.reset()

    def offer(self, ways: Mapping[str, Sampling], own: Collection[str] = ()) -> None:
        """Ways of drawing by name, to choose from; `own` are those that can be deleted."""
        self._ways, self._own = dict(ways), frozenset(own)
        self.presets.clear()
        self.presets.addItems((_OWN_WAY, *self._ways))
        self.presets.setVisible(bool(ways))
        self._announce()

    def control(self, name: str) -> Editor:
        """The editor of a field."""
        return self.form.rows[name].editor

    def sampling(self) -> Sampling:
        """How tokens are drawn; a value that cannot be is as it last could be."""
        lines = self.stop.value().split("\n")
        stop = tuple(read_stop(line) for line in lines if line)[:MOST_STOPS]
        return Sampling.model_validate({**self.form.known(), "stop": stop})

    def set_sampling(self, sampling: Sampling) -> None:
        """Show how tokens are drawn."""
        self.form.set_values(sampling.model_dump(exclude={"stop"}))
        self.stop.set_value("\n".join(map(write_stop, sampling.stop)))
        self._announce()

    def reset(self) -> None:
        self.typed_tokens.setChecked(False)
        self.set_sampling(DEFAULTS)

    def show_below(self, anchor: QWidget) -> None:
        """Open under a button, its right edges aligned."""
        self.resize(self.sizeHint())  # Qt's own adjusting stops at two thirds of the screen
        corner = anchor.mapToGlobal(anchor.rect().bottomRight())
        self.move(corner.x() - self.width(), corner.y() + 6)
        self.show()

    def _ask_to_save(self) -> None:
        self.hide()  # a dialog would be behind it
        self.save_requested.emit()

    def _take_preset(self) -> None:
        """Draw as the chosen preset does; the seed stays."""
        if (way := self._ways.get(self.presets.currentText())) is not None:
            self.set_sampling(way.model_copy(update={"seed": self.sampling().seed}))

    def _announce(self) -> None:
        sampling = self.sampling()
        is_changed = sampling != DEFAULTS or self.typed_tokens.isChecked() or not self.form.is_valid()
        self._reset.setEnabled(is_changed)
        plain = sampling.model_copy(update={"seed": DEFAULTS.seed})
        name = next((name for name, way in self._ways.items() if way == plain), _OWN_WAY)
        self.presets.setCurrentText(name)
        self.save.setEnabled(name == _OWN_WAY and self.form.is_valid())
        self.delete.setVisible(name in self._own)
        self.changed.emit(sampling)


def _explained(row: FormRow, editor: QWidget, help: str) -> FormRow:
    for widget in (row.label, editor):
        widget.setToolTip(tip(help))
    editor.setAccessibleName(row.label.text())
    editor.setAccessibleDescription(help)
    return row
