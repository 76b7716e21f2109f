"""The settings: how the window looks, and what it begins with."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from studio.language import tr
from studio.language_choice import CHOICES, SPOKEN
from studio.settings import APPEARANCES, TEXT_SIZES, Settings
from studio.ui.dialogs.dialog import Dialog, fields
from studio.ui.widgets.button import Switch
from studio.ui.widgets.label import note
from studio.ui.widgets.popup import Combo

_WIDTH = 460
_MODES = {"system": tr("System"), "light": tr("Light"), "dark": tr("Dark")}
_SIZES = {100: tr("Standard"), 110: tr("Large"), 125: tr("Larger"), 150: tr("Largest")}
_GOES_ON = tr(
    "A run that the system ended for its use of memory or of the GPU goes on from its last checkpoint, once, "
    "in smaller portions, which takes more time."
)


class SettingsDialog(Dialog):
    """Asks for the settings; `settings` are what was agreed to."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(tr("Settings"), agree=tr("Save"), parent=parent, width=_WIDTH)
        self._before = settings
        self.language, self.appearance, self.text_size = Combo(), Combo(), Combo()
        self.still, self.reopen, self.notify, self.goes_on = Switch(), Switch(), Switch(), Switch()
        for language in CHOICES:
            self.language.addItem(SPOKEN.get(language, tr("System")), language)
        for mode in APPEARANCES:
            self.appearance.addItem(_MODES[mode], mode)
        for size in TEXT_SIZES:
            self.text_size.addItem(_SIZES[size], size)
        self.language.setCurrentIndex(self.language.findData(settings.language))
        self.appearance.setCurrentIndex(self.appearance.findData(settings.appearance))
        self.text_size.setCurrentIndex(self.text_size.findData(settings.text_size))
        self.still.setChecked(settings.still)
        self.reopen.setChecked(settings.reopen)
        self.notify.setChecked(settings.notify)
        self.goes_on.setChecked(settings.goes_on)
        self._later = note(tr("Text and everything around it change size when the app is started again."))
        self._later.setVisible(False)
        self._spoken_later = note(tr("The window speaks another language when the app is started again."))
        self._spoken_later.setVisible(False)
        self.text_size.currentIndexChanged.connect(self._say_later)
        self.language.currentIndexChanged.connect(self._say_later)
        form = fields(
            (tr("Language"), self.language),
            ("", self._spoken_later),
            (tr("Appearance"), self.appearance),
            (tr("Text size"), self.text_size),
            ("", self._later),
            (tr("Reduce motion"), self.still),
            (tr("Reopen the last dataset"), self.reopen),
            (tr("Say when a run ends in the background"), self.notify),
            (tr("Go on after running out of memory"), self.goes_on),
        )
        form.addRow(note(_GOES_ON))
        for switch in (self.still, self.reopen, self.notify, self.goes_on):
            form.setAlignment(switch, Qt.AlignmentFlag.AlignRight)
        self.fill(form)
        self.language.setFocus()

    def settings(self) -> Settings:
        """The settings as they are chosen now."""
        return replace(
            self._before,
            language=self.language.currentData(),
            appearance=self.appearance.currentData(),
            text_size=self.text_size.currentData(),
            still=self.still.isChecked(),
            reopen=self.reopen.isChecked(),
            notify=self.notify.isChecked(),
            goes_on=self.goes_on.isChecked(),
        )

    def _say_later(self) -> None:
        self._spoken_later.setVisible(self.language.currentData() != self._before.language)
        self._later.setVisible(self.text_size.currentData() != self._before.text_size)
