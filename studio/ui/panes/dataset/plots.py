"""The page of a dataset's plots: lengths, answers, turns or labels, and parts."""

from __future__ import annotations

from collections import Counter
from statistics import median

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.catalogue import worded
from studio.events import DatasetRead
from studio.language import tr
from studio.ui.plots.bar_list import BarList
from studio.ui.plots.histogram import Histogram, LimitHistogram, bin_shares
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import note
from studio.ui.widgets.pane import GAP

_DRAG = tr("Drag the line to try another maximum length; the recipe follows when you let go.")
_PARTS = (("train", "accent"), ("validation", "second"), ("test", "third"), ("golden", "good"))


class LengthsCard(Card):
    """How long the examples are, and how many a maximum length leaves out, cuts or divides."""

    limit_chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Token lengths"))
        self._lengths: list[int] = []
        self._fate = tr("left out")
        self.histogram = LimitHistogram(theme)
        self.histogram.limit_dragged.connect(self._say)
        self.histogram.limit_chosen.connect(self.limit_chosen)
        self.body.addWidget(self.histogram, 1)
        self.body.addWidget(note(_DRAG))

    def show_dataset(self, dataset: DatasetRead, too_long: str) -> None:
        """`too_long` is what the recipe does with what is longer: drop, cut_prompt or cut_end."""
        limit = dataset.max_length
        self._lengths = [max(row.tokens, limit + row.cut) if row.cut else row.tokens for row in dataset.rows]
        self._lengths.extend(dataset.left_out)
        self._fate = tr("left out") if too_long == "drop" else "cut"
        if dataset.format == "text":
            self._fate = "divided"
        self.histogram.set_lengths(self._lengths, limit)
        self._say(limit)

    def show_limit(self, limit: int) -> None:
        """Move the line to the recipe's maximum length."""
        if limit != self.histogram.limit:
            self.histogram.set_limit(limit)
            self._say(limit)

    def _say(self, limit: int) -> None:
        over = sum(length > limit for length in self._lengths)
        share = 100 * over / max(len(self._lengths), 1)
        few = f"{share:.1f} %" if share >= 0.1 else tr("less than 0.1 %")
        text = (
            tr(
                "{over:,} of {count:,} {fate} ({few})",
                over=over,
                count=len(self._lengths),
                fate=self._fate,
                few=few,
            )
            if over
            else tr("none {fate}", fate=self._fate)
        )
        self.set_value(
            tr("limit {limit:,}: {text}", limit=limit, text=text),
            "warn" if over and self._fate != "divided" else "dim",
        )


class PlotsPage(QWidget):
    """Four plots of one dataset, aligned."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.lengths = LengthsCard(theme)
        self.shares = Histogram(theme, tr("Share of trained tokens"), "%")
        self.turns = Histogram(theme, tr("Turns"), "turns")
        self.labels = BarList(theme, tr("Labels"))
        self.parts = BarList(theme, tr("Parts"))
        titles = (tr("Trained"), tr("Turns"), tr("Labels"), tr("Parts"))
        plots = (self.shares, self.turns, self.labels, self.parts)
        self._cards = {title: Card(title) for title in titles}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP)
        grid.addWidget(self.lengths, 0, 0, 1, 3)
        for place, (title, plot) in enumerate(zip(titles, plots, strict=True)):
            self._cards[title].body.addWidget(plot, 1)
            grid.addWidget(self._cards[title], 1, place if place < 2 else place - 1)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(0, 3)
        grid.setRowStretch(1, 2)

    def value(self, title: str) -> str:
        """The current value of a small card: Trained, Turns, Labels or Parts."""
        return self._cards[title].value()

    def show_dataset(self, dataset: DatasetRead, too_long: str) -> None:
        self.lengths.show_dataset(dataset, too_long)
        self._show_shares(dataset)
        by_label = dataset.format == "classification"
        self._cards[tr("Turns")].setVisible(not by_label)
        self._cards[tr("Labels")].setVisible(by_label)
        if by_label:
            self._show_labels(dataset)
        else:
            self._show_turns(dataset)
        self._show_parts(dataset)

    def _show_shares(self, dataset: DatasetRead) -> None:
        shares = [row.trained / row.tokens for row in dataset.rows if row.tokens]
        self.shares.set_bins(bin_shares(shares))
        self._cards[tr("Trained")].set_value(
            tr("median {value:.0f} %", value=100 * median(shares)) if shares else ""
        )

    def _show_turns(self, dataset: DatasetRead) -> None:
        turns = [row.turns for row in dataset.rows if row.turns]
        self.turns.set_numbers(turns)
        text = tr("plain text")
        if turns:
            few, most = min(turns), max(turns)
            text = (
                tr("{few} each", few=few)
                if few == most
                else tr("{few:,} to {most:,}, median {median:.0f}", few=few, most=most, median=median(turns))
            )
        self._cards[tr("Turns")].set_value(text)

    def _show_labels(self, dataset: DatasetRead) -> None:
        counts = Counter(row.answer.strip() for row in dataset.rows).most_common()
        self.labels.set_bars([(label, count, "accent") for label, count in counts])
        self._cards[tr("Labels")].set_value(tr("{count:,} labels", count=len(counts)))

    def _show_parts(self, dataset: DatasetRead) -> None:
        counts = Counter(row.split for row in dataset.rows)
        counts["golden"] = dataset.golden
        bars = [(worded(part).capitalize(), counts[part], tone) for part, tone in _PARTS if counts[part]]
        usable = {row.line for row in dataset.rows}
        bad = {item.line for item in dataset.problems if item.severity == "error" and item.line > 0} - usable
        self.parts.set_bars([*bars, (tr("Cannot train"), len(bad), "bad")] if bad else bars)
        self._cards[tr("Parts")].set_value(tr("{count:,} examples", count=len(dataset.rows)))
