"""A dataset's health line by line: what a check says, why it matters, where, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from studio.events import Evidence, Finding
from studio.language import plural, tr
from studio.ui.icons import pixmap
from studio.ui.plain import tip
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.label import ElidedLabel, PlainLabel, WrapLabel
from studio.ui.widgets.layout import add, column, row
from studio.ui.widgets.style import hairline

_ICONS = {"good": "circle-check", "look": "triangle-alert", "bad": "circle-alert"}
_TONES = {"good": "good", "look": "warn", "bad": "bad"}
_WORDS = {"good": tr("Good"), "look": tr("Warning"), "bad": tr("Bad")}
_INDENT = 28
_SHOWN = 8
_HEAD_HEIGHT = 42


def fix_words(finding: Finding) -> str:
    """What the fix does, for a button: Remove 12 rows, Fix 1 row; nothing where there is none."""
    verb = {"drop": tr("Remove"), "mend": tr("Fix")}.get(finding.fix, "")
    return plural(finding.count, "{verb} {count:,} row", "{verb} {count:,} rows", verb=verb) if verb else ""


class Mark(QWidget):
    """A verdict's sign in its colour."""

    def __init__(self, theme: Theme, severity: str) -> None:
        super().__init__()
        self._theme, self._severity = theme, severity
        self.setFixedSize(16, 16)
        self.setToolTip(tip(_WORDS[severity]))
        self.setAccessibleName(_WORDS[severity])
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        colour = getattr(self._theme.tokens, _TONES[self._severity])
        size = round(16 * self.devicePixelRatioF())
        QPainter(self).drawPixmap(self.rect(), pixmap(_ICONS[self._severity], colour, size))


class FindingRow(QWidget):
    """Unfolds to why it matters and to quotes that lead to their rows."""

    line_chosen = Signal(int)
    fix_requested = Signal(object)  # Finding

    def __init__(self, theme: Theme, finding: Finding) -> None:
        super().__init__()
        self.finding = finding
        self._theme = theme
        self.toggle = IconButton("chevron-right", tr("Why {title} matters", title=finding.title), size=24)
        self.toggle.clicked.connect(self._toggle)
        self.fix, self._fix_place = Button(f"{fix_words(finding)}…"), QWidget()
        self.fix.clicked.connect(self._ask)
        row(self.fix, on=self._fix_place, gap=0)
        self.fix.setVisible(bool(fix_words(finding)))
        self.details = self._make_details()
        self.details.hide()
        column(self._make_head(), self.details, hairline(), on=self, gap=0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @property
    def fix_width(self) -> int:
        """How wide the button of its fix is; 0 where there is none."""
        return self.fix.sizeHint().width() if fix_words(self.finding) else 0

    def keep_fix_width(self, width: int) -> None:
        """Give the button this much room, so that the counts of all findings stand in one column."""
        self._fix_place.setFixedWidth(width)

    def _make_head(self) -> QWidget:
        head, finding = QWidget(), self.finding
        title, summary = PlainLabel(finding.title), ElidedLabel(finding.summary)
        title.setProperty("role", "title")
        summary.setProperty("tone", "dim")
        self.count = PlainLabel(f"{finding.count:,}" if finding.count else "")
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.count.setMinimumWidth(44)
        said = (Mark(self._theme, finding.severity), title, (summary, 1), self.count)
        row(*said, self._fix_place, self.toggle, on=head, inside=(0, 0, 4, 0), gap=12)
        head.setFixedHeight(_HEAD_HEIGHT)
        return head

    def _make_details(self) -> QWidget:
        details, finding = QWidget(), self.finding
        quotes = [self._make_quote(evidence) for evidence in finding.evidence[:_SHOWN]]
        lines = column(WrapLabel(finding.why, tone="dim"), *quotes, on=details, gap=6)
        lines.setContentsMargins(_INDENT, 0, 40, 12)
        if finding.count > len(quotes) > 0:
            add(lines, WrapLabel(tr("and {value:,} more", value=finding.count - len(quotes)), role="note"))
        return details

    def _make_quote(self, evidence: Evidence) -> QLabel:
        quote = WrapLabel("")
        quote.setTextFormat(Qt.TextFormat.RichText)
        flags = Qt.TextInteractionFlag
        quote.setTextInteractionFlags(flags.LinksAccessibleByMouse | flags.LinksAccessibleByKeyboard)
        quote.linkActivated.connect(self._go)
        quote.setText(_rich(evidence))
        return quote

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click anywhere on the line unfolds it, as the arrow does."""
        if event.button() == Qt.MouseButton.LeftButton and event.position().y() < _HEAD_HEIGHT:
            self._toggle()

    def _toggle(self) -> None:
        is_open = self.details.isHidden()
        self.details.setVisible(is_open)
        self.toggle.set_icon("chevron-down" if is_open else "chevron-right")

    def _go(self, link: str) -> None:
        self.line_chosen.emit(int(link))

    def _ask(self) -> None:
        self.fix_requested.emit(self.finding)


class PassedChecks(QWidget):
    """The checks that found nothing, as one line that unfolds to them."""

    def __init__(self, theme: Theme, rows: Sequence[FindingRow]) -> None:
        super().__init__()
        words = plural(len(rows), "{count:,} check passes", "{count:,} checks pass")
        title, self.names = PlainLabel(words), ElidedLabel("")
        self._titles = ", ".join(each.finding.title for each in rows)
        title.setProperty("role", "title")
        self.names.setProperty("tone", "dim")
        self.names.setText(self._titles)
        self.toggle = IconButton(
            "chevron-right",
            tr("Show the {replace}", replace=words.replace(" pass", " that pass")),
            size=24,
        )
        self.toggle.clicked.connect(self._toggle)
        self.title, self.list, head = title, QWidget(), QWidget()
        row(Mark(theme, "good"), title, (self.names, 1), self.toggle, on=head, inside=(0, 0, 4, 0), gap=12)
        head.setFixedHeight(_HEAD_HEIGHT)
        column(*rows, on=self.list, inside=(_INDENT, 0, 0, 0), gap=0)
        self.list.hide()
        column(head, hairline(), self.list, on=self, gap=0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click anywhere on the line unfolds it, as the arrow does."""
        if event.button() == Qt.MouseButton.LeftButton and event.position().y() < _HEAD_HEIGHT:
            self._toggle()

    def _toggle(self) -> None:
        is_open = self.list.isHidden()
        self.list.setVisible(is_open)
        self.names.setText("" if is_open else self._titles)
        self.toggle.set_icon("chevron-down" if is_open else "chevron-right")


def _rich(evidence: Evidence) -> str:
    """A quote with links to its rows, what is meant in bold."""
    text, start, end = evidence.quote, evidence.start, evidence.end
    marked = f"{escape(text[:start])}<b>{escape(text[start:end])}</b>{escape(text[end:])}"
    places = [tr('<a href="{line}">Line {line:,}</a>', line=evidence.line)]
    if evidence.other is not None:
        other = evidence.other
        golden = tr("golden row {value:,}", value=-other)
        places.append(tr('<a href="{other}">line {other:,}</a>', other=other) if other > 0 else golden)
    return tr("{listed}&nbsp;&nbsp; {marked}", listed=tr(" and ").join(places), marked=marked)
