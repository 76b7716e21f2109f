"""What is said about a run while it goes on: advice, and the model's answers to sample prompts."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from studio.catalogue import worded
from studio.events import Advice, Sampled
from studio.language import tr
from studio.ui.panes.training.remedies import linked, spoken
from studio.ui.plain import tip
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button, Icon
from studio.ui.widgets.label import PlainLabel, WrapLabel
from studio.ui.widgets.layout import add, clear, column, row, scrolled
from studio.ui.widgets.style import empty_layout, hairline

MOST_STEPS = 40
"""How many of the latest rounds of samples are kept on screen; the run's folder keeps all."""


class AdviceCard(QFrame):
    """The latest advice in two sentences, earlier ones a click away; hidden while there is none.

    Fields of the recipe are links in it.
    """

    field_chosen = Signal(str, str)  # the kind of the advice, and the field's path

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setProperty("tone", "calm")
        self._advice: list[Advice] = []
        self._more = Button("", "link")
        self._more.setCheckable(True)
        self._more.toggled.connect(self._write)
        self._rows = column(gap=10)
        more = (self._more, Qt.AlignmentFlag.AlignLeft)
        column(self._rows, more, on=self, inside=(14, 10, 14, 10), gap=4)
        theme.changed.connect(self._write)  # links keep the colour that they were written in
        self.hide()

    def sentences(self) -> list[str]:
        """What is shown, newest first."""
        shown = reversed(self._advice if self._more.isChecked() else self._advice[-1:])
        return [f"{advice.evidence} {spoken(advice.remedy)}" for advice in shown]

    def clear(self) -> None:
        self._advice = []
        self._more.setChecked(False)
        self._write()

    def add(self, *advice: Advice) -> None:
        """Show advice on top; the same of the same step, as after a resume, is told once."""
        new = [a for a in advice if a not in self._advice]
        if new:
            self._advice += new
            self._write()

    def _write(self) -> None:
        empty_layout(self._rows)
        shown = list(reversed(self._advice))
        for advice in shown if self._more.isChecked() else shown[:1]:
            self._rows.addWidget(self._make_row(advice))
        earlier = len(shown) - 1
        self._more.setText(
            tr("Show only the latest") if self._more.isChecked() else tr("{earlier} earlier", earlier=earlier)
        )
        self._more.setVisible(earlier > 0)
        self.setVisible(bool(shown))
        self.setAccessibleName(tr("Advice. ") + " ".join(self.sentences()))

    def _make_row(self, advice: Advice) -> QWidget:
        remedy = WrapLabel(tone="dim")
        remedy.setTextFormat(Qt.TextFormat.RichText)
        flags = Qt.TextInteractionFlag
        remedy.setTextInteractionFlags(flags.LinksAccessibleByMouse | flags.LinksAccessibleByKeyboard)
        remedy.linkActivated.connect(lambda path: self.field_chosen.emit(advice.name, path))
        remedy.setText(linked(advice.remedy))
        remedy.setAccessibleName(spoken(advice.remedy))
        remedy.setToolTip(tip(tr("A link sets its field in the recipe.")))
        return _advice_row(advice, remedy)


def _advice_row(advice: Advice, remedy: QWidget) -> QWidget:
    row = QWidget()
    grid = QGridLayout(row)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(1, 1)
    step = PlainLabel(tr("step {step:,}", step=advice.step))
    step.setProperty("role", "caption")
    evidence = WrapLabel(f"{worded(advice.name).capitalize()}. {advice.evidence}")
    grid.addWidget(Icon("lightbulb", 16, "accent"), 0, 0, Qt.AlignmentFlag.AlignTop)
    grid.addWidget(evidence, 0, 1)
    grid.addWidget(step, 0, 2, Qt.AlignmentFlag.AlignTop)
    grid.addWidget(remedy, 1, 1, 1, 2)
    return row


class SampleList(QWidget):
    """The model's answers to the chosen prompts, the latest step first."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: list[int] = []
        self._blocks: dict[int, QVBoxLayout] = {}
        self._empty = WrapLabel(
            tr("Write prompts under Watch in the recipe: their answers appear here with every validation."),
            tone="faint",
        )
        self._column = column(self._empty, ..., gap=12)
        self._area: QScrollArea = scrolled(clear(self._column, inside=(0, 0, 10, 0)))
        self._area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._area.setAccessibleName(tr("Sample answers, newest first"))
        column(self._area, on=self)

    def steps(self) -> list[int]:
        """The steps that have samples on screen, newest first."""
        return list(self._steps)

    def clear(self) -> None:
        while self._steps:
            self._drop(self._steps[-1])
        self._empty.show()

    def cut(self, step: int) -> None:
        """Forget the answers of this step and later ones, which are about to be given again."""
        for late in [number for number in self._steps if number >= step]:
            self._drop(late)

    def add(self, sample: Sampled) -> None:
        """Put an answer under its step; a step that is new comes on top."""
        self._empty.hide()
        if sample.step not in self._blocks:
            self._open(sample.step)
        block = self._blocks[sample.step]
        asked, answer = WrapLabel(sample.prompt, tone="dim"), WrapLabel(sample.answer or "(nothing)")
        answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        add(block, asked, answer, 4)

    def _open(self, step: int) -> None:
        if len(self._steps) == MOST_STEPS:
            self._drop(self._steps[-1])
        title = PlainLabel(tr("Step {step:,}", step=step) if step else tr("Before training"))
        title.setProperty("role", "section")
        block = self._blocks[step] = column(row(title, (hairline(), 1)), gap=3)
        self._steps.insert(0, step)
        self._column.insertLayout(0, block)

    def _drop(self, step: int) -> None:
        self._steps.remove(step)
        block = self._blocks.pop(step)
        empty_layout(block)
        self._column.removeItem(block)
        block.deleteLater()
