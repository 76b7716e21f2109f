"""A model made into another form: how many bits, what it is called then, and what it lost by that."""

from __future__ import annotations

import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from studio.events import ModelConverted, ModelFacts
from studio.language import tr
from studio.ui.dialogs.dialog import fields
from studio.ui.dialogs.task import BusyDialog
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.popup import Combo
from studio.words import file_size, loss

_WIDTH = 540
BITS = (
    (0, tr("16 bits, not quantized")),
    (8, "8 bits"),
    (6, "6 bits"),
    (4, "4 bits"),
    (3, "3 bits"),
    (2, "2 bits"),
)
GROUPS = (32, 64, 128)
MODES = (
    ("affine", tr("Affine: a scale and an offset")),
    ("mxfp4", tr("MXFP4: 4-bit floats")),
    ("mxfp8", tr("MXFP8: 8-bit floats")),
    ("nvfp4", tr("NVFP4: 4-bit floats")),
)
_FIXED = {"mxfp4": (4, 32), "mxfp8": (8, 32), "nvfp4": (4, 16)}
"""Bits and group size of the modes that have one layout only."""
PRECISIONS = (
    ("model", tr("As it is")),
    ("float16", "float16"),
    ("bfloat16", "bfloat16"),
    ("float32", "float32"),
)
_WHAT = tr("The new model is written into a folder of its own, opened again, and measured on ordinary text.")
_NAME = re.compile(r"[\w][\w. -]*")
_NO_NAME = tr("Name it with letters, digits, spaces, dots, dashes or underscores.")


class ConvertDialog(BusyDialog):
    """Asks how a model is to be converted; what was measured stays on show until it is closed."""

    convert_requested = Signal()

    def __init__(self, facts: ModelFacts, parent: QWidget | None = None) -> None:
        self.is_packed = facts.form == "gguf"
        heading = (
            tr("Make {name} trainable", name=facts.name)
            if self.is_packed
            else tr("Convert {name}", name=facts.name)
        )
        super().__init__(heading, _WHAT, tr("Convert"), parent, width=_WIDTH)
        self.setWindowTitle(tr("Convert a model"))
        self._facts, self._typed = facts, False
        self.bits, self.group, self.mode, self.precision = Combo(), Combo(), Combo(), Combo()
        self.name = QLineEdit()
        self.size_line, self.problem, self.outcome = (
            WrapLabel(tone="dim"),
            WrapLabel(role="error"),
            WrapLabel(),
        )
        for box, choices in ((self.bits, BITS), (self.mode, MODES), (self.precision, PRECISIONS)):
            for key, told in choices:
                box.addItem(told, key)
        for group in GROUPS:
            self.group.addItem(tr("{group} weights", group=group), group)
        self.group.setCurrentIndex(GROUPS.index(64))
        self.bits.setCurrentIndex(0 if self.is_packed or 0 < facts.bits < 16 else 3)
        form = fields(
            (tr("Bits per weight"), self.bits),
            (tr("Mode"), self.mode),
            (tr("Group size"), self.group),
            (tr("Precision"), self.precision),
            (tr("Name"), self.name),
        )
        self.fill(form, self.size_line, self.problem, self.outcome, self.progress)
        self._connect()
        self.progress.hide()
        self.outcome.hide()
        self._follow()

    def form(self) -> tuple[int, int, str, str]:
        """Bits, group size, mode and precision as they are chosen."""
        bits, group = int(self.bits.currentData()), int(self.group.currentData())
        mode = str(self.mode.currentData())
        if mode in _FIXED and bits:
            bits, group = _FIXED[mode]
        return bits, group, mode if bits else "affine", str(self.precision.currentData())

    def rest(self, sentence: str) -> None:
        """The work is over: with a sentence where it failed, or was stopped."""
        self._show_busy(False)
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        self.adjustSize()

    def show_done(self, converted: ModelConverted) -> None:
        """Say what came out: sizes and losses, before and after."""
        self._show_busy(False)
        sizes = tr(
            "{file_size} became {file_size2}",
            file_size=file_size(converted.size_before),
            file_size2=file_size(converted.size_after),
        )
        bits = tr(
            "{bits_before:.3g} became {bits_after:.3g} bits per weight",
            bits_before=converted.bits_before,
            bits_after=converted.bits_after,
        )
        before, after = loss(converted.loss_before), loss(converted.loss_after)
        lines = [
            f"{sizes}; {bits}.",
            tr("Loss on ordinary text: {before} before, {after} after.", before=before, after=after),
        ]
        if converted.difference:
            lines.append(
                tr("The logits differ by {value:.2g} % of their size.", value=100 * converted.difference)
            )
        self.outcome.setText("\n".join([*lines, *map(str, converted.remarks)]))
        self.outcome.show()
        self.agree.hide()
        self.cancel.setText(tr("Close"))
        self.adjustSize()

    def on_agreed(self) -> None:
        if _NAME.fullmatch(self.name.text().strip()) is None:
            self.rest(_NO_NAME)
            return
        self._show_busy(True)
        self.problem.hide()
        self.convert_requested.emit()
        self.adjustSize()

    def _connect(self) -> None:
        for box in (self.bits, self.group, self.mode, self.precision):
            box.activated.connect(self._follow)
        self.name.textEdited.connect(self._on_typed)

    def _on_typed(self) -> None:
        self._typed = True

    def _follow(self) -> None:
        """Only what has a say can be chosen; the size and the name follow the form."""
        bits, group, mode, _ = self.form()
        self.mode.setEnabled(int(self.bits.currentData()) > 0)
        self.group.setEnabled(bits > 0 and mode not in _FIXED)
        if not self._typed:
            stem = re.sub(r"[^\w. -]+", "-", self._facts.name.rpartition("/")[2])
            self.name.setText(f"{stem}-{f'{bits}bit' if bits else '16bit'}")
        each = bits + (32 if mode == "affine" else 8) / group if bits else 16
        about = file_size(self._facts.parameters * each / 8) if self._facts.parameters else ""
        now = file_size(self._facts.size)
        self.size_line.setText(
            tr("About {about} on the disk; it takes {now} now.", about=about, now=now)
            if about
            else tr("It takes {now} now.", now=now)
        )

    def _show_busy(self, busy: bool) -> None:
        self.set_busy(busy)
        for part in (self.bits, self.group, self.mode, self.precision, self.name, self.agree):
            part.setEnabled(not busy)
        if not busy:
            self._follow()
