"""What an evaluation found, on three pages: scores, answers, figures; and another one beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from studio.events import Answered, Figure, Score
from studio.language import tr
from studio.ui.panes.evaluation.answers import AnswersPage
from studio.ui.panes.evaluation.figures import FiguresPage
from studio.ui.panes.evaluation.verdict import VerdictCard
from studio.ui.tables.score_table import ScoreTable
from studio.ui.tables.score_words import MeasureWords
from studio.ui.tables.scores import ScoreSide, ScoresModel
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Combo, ElidedCombo
from studio.ui.widgets.tabs import Tabs

SCORES, ANSWERS, FIGURES = "scores", "answers", "figures"
_NONE = ""
_SHORTEST, _WIDEST = 9, 300
"""Characters of an entry that a choice in the head shows at least, and its pixels at most."""


class ResultsPage(QWidget):
    """The verdict on top, and below it a page of scores, of answers or of figures."""

    evaluation_chosen = Signal(str)
    beside_chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.verdict, self.model = VerdictCard(), ScoresModel(self)
        self.table = ScoreTable(theme, self.model)
        self.answers, self.figures = AnswersPage(theme), FiguresPage(theme)
        self.tabs = Tabs(((SCORES, tr("Scores")), (ANSWERS, tr("Answers")), (FIGURES, tr("Figures"))))
        self.compared = _choice(tr("Whose difference from the baseline is shown"))
        self.earlier = _choice(tr("Evaluations of this run"))
        self.beside = _choice(tr("What is laid beside this evaluation"))
        self.side, self.other, self.direct = ScoreSide(), ScoreSide(), ScoreSide()
        self._scores: dict[tuple[str, str], Score] = {}
        self._awaited: tuple[str, ...] = ()
        self._pages = QStackedWidget()
        self._lay_out()
        self._connect()
        self.show_evaluations((), "")
        self.show_offers(())

    def set_measures(self, measures: Sequence[MeasureWords], groups: Mapping[str, str]) -> None:
        """What there is to measure, in the order of the table."""
        self.model.set_measures(measures, groups)
        self.figures.set_measures({each.key: each for each in measures})

    def set_contestants(self, contestants: Sequence[tuple[str, str]]) -> None:
        """Who competes, the baseline first; the first of the others is compared with it."""
        compared = contestants[1][0] if len(contestants) > 1 else ""
        self.side = ScoreSide(tr("This one"), tuple(contestants), compared, self._scores)
        self.compared.clear()
        for key, title in contestants[1:]:
            self.compared.addItem(
                tr("{title} against {contestants}", title=title, contestants=contestants[0][1]), key
            )
        self.compared.setVisible(len(contestants) > 2)
        self.answers.set_contestants(contestants, compared)
        self._show_sides()

    def await_measures(self, measures: Sequence[str]) -> None:
        """What is to be measured; it is shown as waiting until it was."""
        self._awaited = tuple(measures)
        self.model.set_waiting(measures)

    def give_up(self) -> None:
        """What was still waited for is not run."""
        self.model.set_waiting(self._awaited, tr("Not run"))

    def clear(self) -> None:
        """Forget the evaluation before."""
        self.model.set_waiting(())
        self._scores = {}
        self.side, self.other, self.direct = ScoreSide(), ScoreSide(), ScoreSide()
        self.beside.setCurrentIndex(0)
        self.answers.clear()
        self.figures.clear()
        self.verdict.show_verified("")
        self.verdict.show_worse(0)
        self.verdict.show_rulings(0)
        self.tabs.choose(SCORES)
        self._show_sides()
        self._count()

    def add(self, events: Iterable[Answered | Score | Figure]) -> None:
        """Take in what came, all at once."""
        told = tuple(events)
        scores = [each for each in told if isinstance(each, Score)]
        for score in scores:
            self._scores[score.measure, score.part] = score
        if scores:
            self._show_sides()
        if answers := [each for each in told if isinstance(each, Answered)]:
            self.answers.add(answers)
        for figure in told:
            if isinstance(figure, Figure):
                self.figures.add(figure)
        self._count()

    @property
    def is_empty(self) -> bool:
        """Whether nothing came yet."""
        return not self._scores and not self.answers.model.known()

    def show_evaluations(self, evaluations: Sequence[tuple[str, str]], current: str) -> None:
        """The evaluations that the run keeps, the newest first, and which one is on show."""
        _fill(self.earlier, evaluations, current)
        self.earlier.setVisible(len(evaluations) > 1)

    def show_offers(self, offers: Sequence[tuple[str, str]]) -> None:
        """What can be laid beside: other evaluations of this run, and those of other runs."""
        _fill(self.beside, ((_NONE, tr("Nothing beside")), *offers), self.beside.currentData() or _NONE)
        self.beside.setVisible(bool(offers))

    def show_beside(self, side: ScoreSide | None) -> None:
        """Lay another evaluation beside this one, or take it away."""
        self.other, self.direct = side or ScoreSide(), ScoreSide()
        self.answers.mark_fallen(())
        if side is None:
            self.beside.setCurrentIndex(0)
        else:
            self.tabs.choose(SCORES)
        self._show_sides()

    def show_direct(self, side: ScoreSide, worse: Collection[str]) -> None:
        """Beside both, how this one does against the other on the rows of both; `worse` are ids of rows."""
        if self.other.contestants:
            self.direct = side
            self.answers.mark_fallen(worse)
            self._show_sides()

    def _lay_out(self) -> None:
        card = Card()
        card.body.addWidget(self.table)
        for page in (card, self.answers, self.figures):
            self._pages.addWidget(page)
        choices = [(each, 3) for each in (self.compared, self.earlier, self.beside)]
        head = row(self.tabs, ..., *choices, gap=8)
        column(self.verdict, head, (self._pages, 1), on=self, gap=10)

    def _connect(self) -> None:
        self.tabs.chosen.connect(self._turn)
        self.compared.activated.connect(self._compare)
        self.earlier.activated.connect(self._on_earlier)
        self.beside.activated.connect(self._on_beside)
        self.verdict.worse_requested.connect(self._show_worse)
        self.table.measure_chosen.connect(self._reveal)
        self.answers.ruled.connect(self._count)
        self.answers.model.modelReset.connect(self._count)

    def _show_sides(self) -> None:
        mine = ScoreSide(self.side.title, self.side.contestants, self.side.compared, self._scores)
        self.model.set_sides(mine, *(each for each in (self.other, self.direct) if each.contestants))

    def _count(self) -> None:
        counts = self.answers.model.counts()
        self.tabs.set_count(ANSWERS, counts[""])
        self.tabs.set_count(FIGURES, self.figures.count())
        known = self.answers.model.known()
        self.verdict.show_worse(sum(row_.got_worse for row_ in known))

    def _turn(self, page: str) -> None:
        self._pages.setCurrentIndex((SCORES, ANSWERS, FIGURES).index(page))
        if page == ANSWERS:
            self.answers.list.setFocus()

    def _show_worse(self) -> None:
        self.tabs.choose(ANSWERS)
        counts = self.answers.model.counts()
        self.answers.choose("worse" if counts["worse"] > counts["broken"] else "broken")

    def _reveal(self, measure: str) -> None:
        """From a measure to its figure, where it has one."""
        if self.figures.reveal(measure):
            self.tabs.choose(FIGURES)
            self.figures.reveal(measure)

    def _compare(self) -> None:
        compared = str(self.compared.currentData())
        self.side = ScoreSide(self.side.title, self.side.contestants, compared, self._scores)
        self.answers.set_contestants(self.side.contestants, compared)
        self._show_sides()
        self._count()

    def _on_earlier(self) -> None:
        self.evaluation_chosen.emit(self.earlier.currentData())

    def _on_beside(self) -> None:
        chosen = self.beside.currentData()
        if chosen:
            self.beside_chosen.emit(chosen)
        else:
            self.show_beside(None)


def _choice(name: str) -> Combo:
    choice = ElidedCombo()
    choice.setAccessibleName(name)
    choice.setMinimumContentsLength(_SHORTEST)
    choice.setMaximumWidth(_WIDEST)
    choice.hide()
    return choice


def _fill(choice: Combo, entries: Sequence[tuple[str, str]], current: str) -> None:
    choice.clear()
    for key, words in entries:
        choice.addItem(words, key)
    choice.setCurrentIndex(max(choice.findData(current), 0))
    view = choice.view()
    widest = max((choice.fontMetrics().horizontalAdvance(words) for _, words in entries), default=0)
    view.setMinimumWidth(widest + 40)
