"""The playground: one prompt, answered by the base model and by the tuned one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal

from studio.events import AnswerEnded, AnswerPiece, AnswersBegin, Event
from studio.generate.sampling import Sampling
from studio.ui.chat.columns import ChatColumns
from studio.ui.chat.sampling import SamplingPanel
from studio.ui.chat.text import PromptField
from studio.ui.tables.run_picker import RunPicker
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import note
from studio.ui.widgets.layout import add, row
from studio.ui.widgets.pane import Pane
from studio.ui.widgets.states import EmptyState

_WAITING = "Waiting for the current training step to end…"


class PlaygroundPane(Pane):
    """Sends prompts and shows both answers as they stream. Knows nothing of models."""

    send_requested = Signal(
        str, object, bool
    )  # prompt, Sampling, whether typed control tokens are the model's
    stop_requested = Signal()
    train_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("Playground")
        self._busy = False
        self.panel = SamplingPanel(self)
        self.panel.changed.connect(self._say_sampling)
        self.picker = RunPicker()
        self.header.add_subject(self.picker)
        self._sampling = self.header.add_button("Sampling", icon="sliders-horizontal")
        self._sampling.clicked.connect(self._open_sampling)
        self._clear = self.header.add_button("Clear")
        self._clear.setToolTip("Clear the conversation")
        self.columns = ChatColumns()
        self._clear.clicked.connect(self._forget)
        self.prompt = PromptField("Ask both models")
        self.setFocusProxy(self.prompt)  # what is typed here is meant for it
        self.prompt.submitted.connect(self.send)
        self.prompt.textChanged.connect(self._settle)
        self.send_button = Button("Send", "primary")
        self.send_button.clicked.connect(self.send)
        self.stop_button = Button("Stop", "danger", "square")
        self.stop_button.clicked.connect(self.stop_requested)
        self.note = note("")
        self._lay_out()
        self.show_no_run()

    def _lay_out(self) -> None:
        ask = Card()
        low = Qt.AlignmentFlag.AlignBottom
        field = row((self.prompt, 1), (self.send_button, low), (self.stop_button, low))
        add(ask.body, field, self.note)
        add(self.content, (self.columns, 1), ask)

    def show_no_run(self) -> None:
        self._busy = False
        self.columns.clear()
        state = EmptyState(
            "messages-square",
            "No model yet",
            "Train a model; then ask it and its base model the same things, side by side.",
            "Train a model",
        )
        state.chosen.connect(self.train_requested)
        self.header.set_title("Playground")
        self.header.set_subtitle("Base and tuned, side by side.")
        self._sampling.hide()
        self._clear.hide()
        self.show_state(state)

    def show_ready(self) -> None:
        """There is a run to talk to; what another one said stays, and says whose it is."""
        if self.state is None:
            return
        self.show_state(None)
        self._sampling.show()
        self._clear.show()
        self._say_sampling(self.panel.sampling())
        self.show_idle()

    def set_prompt(self, prompt: str) -> None:
        """Put a prompt into the field, ready to send or to change."""
        self.prompt.setPlainText(prompt)
        self.prompt.selectAll()
        self.prompt.setFocus()

    def show_event(self, event: Event) -> None:
        match event:
            case AnswersBegin():
                self.columns.begin(event)
            case AnswerPiece():
                self.note.hide()
                self.columns.append(event.who, event.text)
            case AnswerEnded():
                self.columns.finish(event)

    def ask_again(self, prompt: str) -> None:
        """Show a prompt that was refused once more; what follows answers it."""
        self.columns.ask(prompt)

    def show_busy(self) -> None:
        self._busy = True
        self._say(_WAITING)
        self._settle()

    def show_idle(self) -> None:
        self._busy = False
        self._say("")
        self._settle()

    def show_stopped(self) -> None:
        self.columns.close_open("Stopped")
        self.show_idle()

    def show_failure(self, sentence: str) -> None:
        self.columns.close_open("No answer")
        self.show_idle()
        self._say(sentence, "bad")

    def send(self) -> None:
        """Ask what stands in the field, unless there is nothing or an answer is still coming."""
        prompt = self.prompt.toPlainText().strip()
        if not prompt or self._busy:
            return
        self.columns.ask(prompt)
        self.prompt.clear()
        self.show_busy()
        self.send_requested.emit(prompt, self.panel.sampling(), self.panel.typed_tokens.isChecked())

    def _settle(self) -> None:
        self.send_button.setVisible(not self._busy)
        self.stop_button.setVisible(self._busy)
        self.send_button.setEnabled(bool(self.prompt.toPlainText().strip()))
        self._clear.setEnabled(bool(self.columns.exchanges) and not self._busy)

    def _forget(self) -> None:
        self.columns.clear()
        self._settle()

    def _say(self, text: str, tone: str = "") -> None:
        self.note.setText(text)
        self.note.set_tone(tone)
        self.note.setVisible(bool(text))

    def _open_sampling(self) -> None:
        self.panel.show_below(self._sampling)

    def _say_sampling(self, sampling: Sampling) -> None:
        if self.state is None:
            draw = "the likeliest token" if sampling.is_greedy else f"temperature {sampling.temperature:g}"
            limit = f"at most {sampling.max_tokens:,} tokens"
            self.header.set_subtitle(f"{draw} · top-p {sampling.top_p:g} · {limit} · seed {sampling.seed}")
