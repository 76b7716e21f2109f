"""The tour: five cards in a corner of the window, one for each pane, with what to try there."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QWidget

from studio.language import tr
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.layout import add, row


@dataclass(frozen=True)
class TourStep:
    """One stop: the pane, what is to be seen there, and the button that does it."""

    pane: str
    title: str
    text: str
    action: str = ""


STEPS = (
    TourStep(
        "dataset",
        tr("Look at the data"),
        tr(
            "The sample holds 800 short questions with answers. Choose a row: the green tokens are what the "
            "model learns, the others it only reads."
        ),
        tr("Open the sample"),
    ),
    TourStep(
        "training",
        tr("Train the starter"),
        tr(
            "The recipe is ready, and every field has a mark that explains it. Training takes a minute "
            "or two. Watch the validation loss fall; you can stop at any time, and what was learned is kept."
        ),
        tr("Start training"),
    ),
    TourStep(
        "evaluation",
        tr("See whether it got better"),
        tr(
            "Both models answer questions that nothing was trained on. You see which answers were fixed and "
            "which were broken, and whether the difference is more than chance."
        ),
        tr("Evaluate"),
    ),
    TourStep(
        "playground",
        tr("Ask both models"),
        tr("The same prompt goes to the model before and after training, side by side, also during a run."),
        tr("Ask a question"),
    ),
    TourStep(
        "runs",
        tr("Find it again"),
        tr(
            "Every run stays here with its curves, files and scores. Select several to overlay them. Your "
            "own data comes next: drop a file anywhere on the window."
        ),
    ),
)
WIDTH, MARGIN = 348, 20


class TourCard(Card):
    """Shows one step over the corner of `over`; emits where it goes, what is wanted there, and its end."""

    moved = Signal(str)  # the pane of the step
    wanted = Signal(str)  # the pane whose action is to be done
    ended = Signal()

    def __init__(self, over: QWidget) -> None:
        super().__init__()
        self.setParent(over)
        self._over, self._place = over, 0
        self.setFixedWidth(WIDTH)
        self.text = WrapLabel("", tone="dim")
        self.back, self.next = Button(tr("Back"), "quiet"), Button(tr("Next"))
        self.action = Button("", "primary")
        close = IconButton("x", tr("End the tour"))
        self.head.addWidget(close)
        add(self.body, self.text, 4, row(self.back, ..., self.next, self.action))
        close.clicked.connect(self.end)
        self.back.clicked.connect(self._go_back)
        self.next.clicked.connect(self._go_on)
        self.action.clicked.connect(self._do)
        over.installEventFilter(self)
        self.hide()

    @property
    def step(self) -> TourStep:
        """The step on show."""
        return STEPS[self._place]

    def begin(self) -> None:
        """Show the first step."""
        self._go(0)

    def end(self) -> None:
        """Go away."""
        self.hide()
        self.ended.emit()

    def offer(self, can_act: bool) -> None:
        """Whether what the step asks for can be done now."""
        self.action.setEnabled(can_act)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._settle()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._settle()  # the style came after the text: its letters are larger
        return done

    def _go(self, place: int) -> None:
        self._place = place
        step = self.step
        self.set_title(step.title)
        self.set_value(tr("{value} of {count}", value=place + 1, count=len(STEPS)))
        self.text.setText(step.text)
        self.setAccessibleName(
            tr("Tour, step {value} of {count}: {title}", value=place + 1, count=len(STEPS), title=step.title)
        )
        self.setAccessibleDescription(step.text)
        self.back.setVisible(place > 0)
        last = place == len(STEPS) - 1
        self.next.setText(tr("Done") if last else tr("Next"))
        self.next.set_role("primary" if last else "plain")
        self.action.setText(step.action)
        self.action.setVisible(bool(step.action))
        self.show()
        self._settle()
        self.moved.emit(step.pane)

    def _go_back(self) -> None:
        self._go(max(self._place - 1, 0))

    def _go_on(self) -> None:
        if self._place + 1 < len(STEPS):
            self._go(self._place + 1)
        else:
            self.end()

    def _do(self) -> None:
        """Do what the step asks for, and lead on from there."""
        self.action.hide()
        self.next.set_role("primary")
        self.wanted.emit(self.step.pane)

    def _settle(self) -> None:
        """Stand in the corner, as high as the text needs."""
        self.text.setFixedWidth(WIDTH - 34)
        self.resize(WIDTH, self.sizeHint().height())
        self.move(self._over.width() - WIDTH - MARGIN, self._over.height() - self.height() - MARGIN)
        self.raise_()
