"""Before the start: who competes, what is measured, how long that takes, and what the rows can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_origin

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QStackedWidget, QWidget

from studio.evaluate.options import EvaluationOptions
from studio.language import plural, tr
from studio.recipe.entry import FieldEntry
from studio.ui.form.form import Form, wide_enough
from studio.ui.form.row import FormRow
from studio.ui.panes.evaluation.contestants import ContestantsCard
from studio.ui.plain import keyless, tip
from studio.ui.tables.score_words import MeasureWords, title_of
from studio.ui.widgets.button import PickButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import WrapLabel, note
from studio.ui.widgets.layout import clear, column, row, scrolled
from studio.ui.widgets.popup import Combo
from studio.ui.widgets.style import empty_layout
from studio.ui.widgets.tabs import Tabs

_PICKED = ("suite", "measures", "primary", "golden")
OWN = "own"
MEASURED_PAGE, OPTIONS_PAGE = "measures", "options"
_SUITES = (
    ("quick", tr("Quick")),
    ("standard", tr("Standard")),
    ("full", tr("Full")),
    (OWN, tr("Own choice")),
)
_SUITE_WORDS = {
    "quick": tr("Losses and exact answers: about a minute."),
    "standard": tr("What most people want to know of a run."),
    "full": tr("Everything there is, down to where attention moved."),
    OWN: tr("The measures that are ticked below."),
}


def _entries() -> list[FieldEntry]:
    return [FieldEntry("", name, info) for name, info in EvaluationOptions.model_fields.items()]


def _is_list(entry: FieldEntry) -> bool:
    return get_origin(entry.info.annotation) is tuple


class MeasureList(QWidget):
    """Every measure with a box to tick, under the headings of the table."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[str, QCheckBox] = {}
        self._columns = [column(gap=6), column(gap=6)]
        row(*((each, 1) for each in self._columns), on=self, gap=20)

    def set_measures(self, measures: Sequence[MeasureWords], groups: Mapping[str, str]) -> None:
        """Offer these."""
        for each in self._columns:
            empty_layout(each)
        self.boxes = {}
        lines = 0
        for group in dict.fromkeys((*groups, *(measure.group for measure in measures))):
            inside = [measure for measure in measures if measure.group == group]
            if inside:
                self._add_group(groups.get(group, title_of(group)), inside, second=2 * lines > len(measures))
                lines += len(inside)
        for each in self._columns:
            each.addStretch(1)

    def _add_group(self, title: str, measures: Sequence[MeasureWords], *, second: bool) -> None:
        where = self._columns[second]
        where.addSpacing(6)
        where.addWidget(WrapLabel(title, role="section"))
        for measure in measures:
            box = self.boxes[measure.key] = QCheckBox(keyless(measure.title))
            box.setToolTip(tip(measure.help))
            box.setAccessibleDescription(measure.help)
            box.clicked.connect(self.changed)
            where.addWidget(box)

    def ticked(self) -> tuple[str, ...]:
        return tuple(key for key, box in self.boxes.items() if box.isChecked())

    def tick(self, keys: Iterable[str]) -> None:
        """Tick these and no others."""
        wanted = set(keys)
        for key, box in self.boxes.items():
            box.setChecked(key in wanted)


class SetupPage(QWidget):
    """Everything that can be chosen of an evaluation; `options` is what was."""

    changed = Signal()
    golden_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._measures: Sequence[MeasureWords] = ()
        self.contestants = ContestantsCard()
        self.suites, self._suite_words = Tabs(_SUITES, role="segment"), note("")
        self.measures = MeasureList()
        self.golden = PickButton("")
        self.golden.clicked.connect(self.golden_requested)
        self.golden.setToolTip(tr("Choose another file of prompts with ideal answers"))
        self.primary = Combo()
        self.primary.setAccessibleName(tr("Primary measure"))
        entries = [entry for entry in _entries() if entry.name not in _PICKED]
        width = wide_enough(entries, self)
        self.lists = {entry.name: QLineEdit() for entry in entries if _is_list(entry)}
        for entry in entries:
            if entry.name in self.lists:
                self._dress_list(entry)
        rows = [
            FormRow(e.title, self.lists[e.name], title_width=width) for e in entries if e.name in self.lists
        ]
        self.form = Form(
            (entry for entry in entries if entry.name not in self.lists),
            {"": tr("More")} if any(entry.level == "advanced" for entry in entries) else {},
            title_width=width,
        )
        for line in rows:
            self.form.column.addWidget(line)
        self.power, self._card = WrapLabel(), Card(tr("What is measured"))
        self._power_card = Card(tr("What it can show"))
        self.pages = Tabs(((MEASURED_PAGE, tr("Measures")), (OPTIONS_PAGE, tr("Options"))))
        self._pages = QStackedWidget()
        self._lay_out()
        self._connect()
        self.show_power("")

    def set_measures(self, measures: Sequence[MeasureWords], groups: Mapping[str, str]) -> None:
        """What there is to measure."""
        self._measures = measures
        self.measures.set_measures(measures, groups)
        self.primary.clear()
        self.primary.addItem(tr("Chosen for you"), "")
        for measure in measures:
            if measure.primary:
                self.primary.addItem(measure.title, measure.key)
        self._on_suite(self.suites.current)

    def show_golden(self, description: str) -> None:
        """What is asked."""
        self.golden.setText(f"{description[:1].upper()}{description[1:]}")
        self.golden.setAccessibleName(tr("Questions: {description}", description=description))

    def show_power(self, sentence: str) -> None:
        """What so many rows can show at all."""
        self.power.setText(sentence)
        self._power_card.setVisible(bool(sentence))

    def show_forecast(self, words: str) -> None:
        """How long it will take."""
        count = len(self.chosen_measures())
        told = plural(count, "{count} measure", "{count} measures")
        self._card.set_value(" · ".join(filter(None, (told, words))))

    def chosen_measures(self) -> tuple[str, ...]:
        """The keys of what would be measured."""
        if self.suites.current == OWN:
            return self.measures.ticked()
        return tuple(each.key for each in self._measures if self.suites.current in each.suites)

    def problem(self) -> str:
        """Why it cannot start, as a sentence; nothing when it can."""
        if not self.chosen_measures() and self._measures:
            return tr("Choose at least one measure.")
        return tr("Fix the highlighted field.") if self.form.problem() else ""

    def options(self) -> EvaluationOptions:
        """What was chosen; the form's fields must be valid."""
        values: dict[str, Any] = {name: row_.known for name, row_ in self.form.rows.items()}
        for name, field in self.lists.items():
            values[name] = tuple(filter(None, (each.strip() for each in field.text().split(","))))
        own = self.suites.current == OWN
        values |= {"measures": self.measures.ticked()} if own else {"suite": self.suites.current}
        return EvaluationOptions.model_validate({**values, "primary": self.primary.currentData() or ""})

    def _dress_list(self, entry: FieldEntry) -> None:
        field = self.lists[entry.name]
        field.setPlaceholderText(tr("separated by commas"))
        field.setToolTip(tip(entry.help))
        field.setAccessibleName(entry.title)
        field.textEdited.connect(self.changed)

    def _lay_out(self) -> None:
        golden = FormRow(tr("Questions"), self.golden)
        primary = FormRow(tr("Primary measure"), self.primary)
        primary.setToolTip(tr("The headline is about this one, and it is chosen before the start."))
        chosen = clear(golden, primary, self.measures, ..., inside=(0, 0, 8, 0), gap=6)
        options = clear(self.form, ..., inside=(0, 0, 8, 0), gap=6)
        for page in (chosen, options):
            self._pages.addWidget(scrolled(page))
        self._card.body.addLayout(row(self.suites, ..., self.pages))
        self._card.body.addWidget(self._suite_words)
        self._card.body.addWidget(self._pages, 1)
        self._power_card.body.addWidget(self.power)
        left = column(self.contestants, self._power_card, ..., gap=14)
        row((left, 2), (self._card, 3), on=self, gap=14)
        self.contestants.setMinimumWidth(250)

    def show_page(self, key: str) -> None:
        """Turn to the measures, or to the options of how they are taken."""
        self._pages.setCurrentIndex((MEASURED_PAGE, OPTIONS_PAGE).index(key))

    def _connect(self) -> None:
        self.suites.chosen.connect(self._on_suite)
        self.pages.chosen.connect(self.show_page)
        self.measures.changed.connect(self._on_ticked)
        self.primary.activated.connect(self.changed)
        self.form.changed.connect(self.changed)
        self.contestants.changed.connect(self.changed)
        self.suites.choose("standard")

    def _on_suite(self, suite: str) -> None:
        self._suite_words.setText(_SUITE_WORDS[suite])
        if suite != OWN:
            self.measures.tick(each.key for each in self._measures if suite in each.suites)
        self.show_forecast("")
        self.changed.emit()

    def _on_ticked(self) -> None:
        """Whoever ticks or unticks one chooses for themselves."""
        self.suites.choose(OWN)
