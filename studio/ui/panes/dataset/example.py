"""The chosen example as a conversation and token by token, and what one pass over the dataset takes."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QPlainTextEdit, QStackedWidget, QWidget

from studio import words
from studio.events import DatasetRead, ExampleRow, Forecasted, Rendered, RowShown
from studio.language import plural, tr
from studio.ui.chat.tokens import LEGEND, TokenView
from studio.ui.chat.turns import TurnView
from studio.ui.form.editors import ChoiceField, editor_for
from studio.ui.form.words import ENTRIES
from studio.ui.plain import tip
from studio.ui.tables.problems import as_sentence
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import ElidedLabel, PlainLabel, WrapLabel, note
from studio.ui.widgets.layout import add, column
from studio.ui.widgets.tabs import Tabs

_HINT = tr(
    "One pass over the training rows with this recipe: {tokens:,} tokens, of which {trained:,} are "
    "learned. The time is an estimate for this Mac."
)


_SHOWN_CHARACTERS = 20_000


class EpochLine(ElidedLabel):
    """Tokens, steps and time of an epoch, in one line."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("tone", "dim")
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._tokens = self._trained = self._rows = self._examples = 0

    def show_dataset(self, dataset: DatasetRead) -> None:
        """Count its training rows; steps and time come with the next forecast."""
        training = [row for row in dataset.rows if row.split == "train"]
        self._tokens = sum(row.tokens for row in training)
        self._trained = sum(row.trained for row in training)
        self._examples = len(training)
        self._rows = sum(max(1, len(row.rows)) for row in training)
        self.show_forecast(None)

    def show_forecast(self, forecast: Forecasted | None) -> None:
        """Add what the forecast knows of an epoch."""
        parts = [tr("An epoch: {tokens:,} tokens", tokens=self._tokens)]
        if self._rows > self._examples:
            parts.append(
                tr(
                    "{counted} of {counted2}",
                    counted=words.counted(self._rows, "row"),
                    counted2=words.counted(self._examples, "example"),
                )
            )
        if forecast is not None and forecast.steps_per_epoch:
            steps = max(1, round(forecast.steps_per_epoch))
            parts.append(plural(steps, "{count:,} step", "{count:,} steps"))
        if forecast is not None and forecast.seconds_per_epoch:
            seconds = forecast.seconds_per_epoch
            parts.append(
                tr("about {duration}", duration=words.duration(seconds)) if seconds >= 1 else tr("under 1 s")
            )
        self.setText(" · ".join(parts) if self._tokens else "")

    def _explain(self) -> None:
        self.setToolTip(tip(_HINT.format(tokens=self._tokens, trained=self._trained) if self._tokens else ""))


PATHS = ("data.template", "data.train_on")


class RenderingSwitch(QWidget):
    """The recipe's template and mask policy, to be tried on the example at hand."""

    changed = Signal(object)  # {path of the recipe's field: its new value}

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, ChoiceField] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 2)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        for place, path in enumerate(PATHS):
            field = editor_for(ENTRIES[path])
            if not isinstance(field, ChoiceField):
                raise TypeError(f"{path} is no choice")
            field.edited.connect(self._announce)
            caption = PlainLabel(ENTRIES[path].title)
            caption.setProperty("role", "caption")
            caption.setBuddy(field)
            grid.addWidget(caption, 0, place)
            grid.addWidget(field, 1, place)
            grid.setColumnStretch(place, 1)
            self.fields[path] = field

    def set_values(self, values: Mapping[str, str]) -> None:
        for path, field in self.fields.items():
            if path in values:
                field.set_value(values[path])

    def _announce(self) -> None:
        self.changed.emit({path: field.value() for path, field in self.fields.items()})


class ExampleCard(Card):
    """One example in both of its forms; `rendering` asks for another template or mask."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Example"))
        self.tabs = Tabs((("tokens", tr("Tokens")), ("chat", tr("Chat"))))
        self.tabs.chosen.connect(self._turn)
        self.head.insertWidget(1, self.tabs)
        self.tokens, self.turns, self.rendering = TokenView(theme), TurnView(), RenderingSwitch()
        self.reason, self.text = WrapLabel(""), QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.document().setDocumentMargin(0)
        self.text.setAccessibleName(tr("The row as the file has it"))
        self._nothing, self._stack, self._legend = QWidget(), QStackedWidget(), note(LEGEND)
        column(self.reason, (self.text, 1), on=self._nothing, gap=10).setAlignment(Qt.AlignmentFlag.AlignTop)
        self._pages: dict[str, QWidget] = {"tokens": self.tokens, "chat": self.turns}
        for page in (*self._pages.values(), self._nothing):
            self._stack.addWidget(page)
        add(self.body, self.rendering, (self._stack, 1), self._legend)
        self.setMinimumHeight(220)

    @property
    def has_example(self) -> bool:
        """Whether an example is shown, not a reason why there is none."""
        return self._stack.currentWidget() is not self._nothing

    def expect(self, row: ExampleRow) -> None:
        """Name the example that is on its way; the one before stays until it comes, so nothing flickers."""
        counts = tr("{trained:,} of {tokens:,} trained", trained=row.trained, tokens=row.tokens)
        if row.rows:
            counts += tr(" · {count:,} rows", count=len(row.rows))
        self.set_value(counts, "dim")

    def show_example(self, row: ExampleRow, rendered: Rendered) -> None:
        self.expect(row)
        self.set_title(tr("Line {line:,}", line=row.line))
        self.tokens.set_pieces(rendered.pieces, rendered.rows)
        self.turns.set_turns(rendered.turns)
        self.tabs.show()
        self._turn(self.tabs.current)

    def show_nothing(self, reason: str, title: str = tr("Example"), tone: str = "") -> None:
        """Say why there are no tokens to show."""
        self.set_title(title)
        self.reason.set_tone(tone)
        self.set_value("", "dim")
        self.tabs.hide()
        self.reason.setText(reason)
        self.text.hide()
        self._stack.setCurrentWidget(self._nothing)
        self._legend.hide()

    def show_row(self, row: RowShown) -> None:
        """A row of a big file as it would train; of one that cannot, the reason and what the file has."""
        if row.pieces and not row.reason:
            turns = sum(turn.role != "system" for turn in row.turns)
            example = ExampleRow(row.line, "", "", row.tokens, row.trained, "", turns=turns)
            self.show_example(example, Rendered("", row.line, row.pieces, row.turns, row.rows))
            return
        title = (
            tr("Line {line:,} cannot train", line=row.line)
            if row.reason
            else tr("Line {line:,}", line=row.line)
        )
        self.show_nothing(as_sentence(row.reason), title, "bad")
        fields = (f"{name}\n{text}".strip() for name, text in zip(row.names, row.texts, strict=True))
        self.text.setPlainText("\n\n".join(fields)[:_SHOWN_CHARACTERS])
        self.text.show()

    def _turn(self, page: str) -> None:
        self._stack.setCurrentWidget(self._pages[page])
        self._legend.setVisible(page == "tokens")
