"""The card on top: the verdict in sentences that wrap, or how far the evaluation is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from studio.events import Progress
from studio.language import plural, tr
from studio.ui.plain import tip
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import Badge, ElidedLabel, WrapLabel
from studio.ui.widgets.layout import add, column, row
from studio.ui.widgets.style import set_property, show_progress

_VERIFIED = tr(
    "Base and tuned answer from one copy of the weights; only the adapter is off or on.\n"
    "Fingerprint of the shared weights: {}"
)
_SHOWN_OF_FINGERPRINT = 8


class VerdictCard(Card):
    """What came out, in words; below it the facts, and the way to the rows that got worse."""

    worse_requested = Signal()
    rescore_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.headline, self.sentences = WrapLabel(role="state-title"), WrapLabel(tone="dim")
        self.verified, self.facts = Badge("", "good"), ElidedLabel()
        self.facts.setProperty("role", "note")
        self.worse = Button("", "link")
        self.worse.clicked.connect(self.worse_requested)
        self.rescore = Button("", "link")
        self.rescore.clicked.connect(self.rescore_requested)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the evaluation"))
        self._foot = QWidget()
        row(self.verified, (self.facts, 1), self.rescore, self.worse, on=self._foot, gap=10)
        add(self.body, column(self.headline, self.sentences, self.bar, self._foot, gap=6))
        self.show_verified("")
        self.show_worse(0)
        self.show_rulings(0)
        self._show_foot()

    def show_busy(self, text: str) -> None:
        """Say what is being done, before anything came out."""
        self._say(text, ())
        self.facts.setText("")
        self._show_foot()
        self.bar.show()
        show_progress(self.bar, 0, None)

    def show_progress(self, progress: Progress) -> None:
        """How far it is."""
        self.headline.setText(progress.what)
        of = (
            tr("{done:,} of {total:,}", done=progress.done, total=progress.total)
            if progress.total
            else f"{progress.done:,}"
        )
        self.facts.setText(of)
        self._show_foot()
        self.bar.show()
        show_progress(self.bar, progress.done, progress.total)

    def show_verdict(self, headline: str, sentences: Sequence[str], facts: str) -> None:
        """The verdict: a headline, the sentences under it, and the facts."""
        self._say(headline, sentences)
        self.facts.setText(facts)
        self._show_foot()

    def show_end(self, headline: str, sentence: str, *, bad: bool = False) -> None:
        """Why there is no verdict."""
        self._say(headline, (sentence,))
        set_property(self.headline, "tone", "bad" if bad else "")
        self.facts.setText("")
        self._show_foot()

    def show_verified(self, fingerprint: str) -> None:
        """Mark that everybody answered from one copy of the weights; without a fingerprint it is not said."""
        shown = fingerprint[:_SHOWN_OF_FINGERPRINT]
        self.verified.setText(tr("✓ Verified {shown}", shown=shown))
        self.verified.setToolTip(tip(_VERIFIED.format(fingerprint)))
        self.verified.setVisible(bool(fingerprint))
        self._show_foot()

    def show_worse(self, count: int) -> None:
        """Lead to the rows that got worse, where there are any."""
        self.worse.setText(plural(count, "{count:,} row got worse", "{count:,} rows got worse"))
        self.worse.setVisible(bool(count))
        self._show_foot()

    def show_rulings(self, count: int) -> None:
        """Offer to count rulings that the scores do not count yet."""
        self.rescore.setText(
            plural(count, "Count {count:,} ruling in the scores", "Count {count:,} rulings in the scores")
        )
        self.rescore.setVisible(count > 0)
        self._show_foot()

    def _show_foot(self) -> None:
        """The line of facts takes room only where it says something."""
        parts = (self.verified, self.rescore, self.worse)
        self._foot.setVisible(bool(self.facts.text()) or any(not part.isHidden() for part in parts))

    def _say(self, headline: str, sentences: Sequence[str]) -> None:
        set_property(self.headline, "tone", "")
        self.bar.hide()
        self.headline.setText(headline)
        self.sentences.setText(" ".join(sentences))
        self.sentences.setVisible(bool(self.sentences.text()))
        self.setAccessibleName(headline)
        self.setAccessibleDescription(self.sentences.text())
