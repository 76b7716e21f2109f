"""The playground: one prompt, answered by several models side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction, QActionGroup, QGuiApplication

from studio.events import Event
from studio.generate.contestant import BASE, RUN, TUNED, Contestant
from studio.generate.sampling import Sampling
from studio.language import tr
from studio.ui.chat.answer_text import MARKDOWN, PLAIN
from studio.ui.chat.contestant_menu import MOST, ContestantMenu
from studio.ui.chat.sampling import SamplingPanel
from studio.ui.chat.side_by_side import DEFAULTS, AskedHow, AskedTalks, SideBySideChat
from studio.ui.chat.votes import BlindTally
from studio.ui.panes.playground.asking import AskCard, SystemPrompt
from studio.ui.panes.playground.prompts import PromptMenu, menu_line
from studio.ui.plain import keyless
from studio.ui.tables.run_picker import RunPicker
from studio.ui.theme import Theme
from studio.ui.widgets.button import IconButton
from studio.ui.widgets.layout import add
from studio.ui.widgets.pane import Pane
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.states import EmptyState

_WAITING = tr("Waiting for the current training step to end…")
_MOST_SUGGESTED = 20
DIFFERENCE = "difference"
_WAYS = (
    (MARKDOWN, tr("Answers as Markdown")),
    (PLAIN, tr("Answers as plain text")),
    (DIFFERENCE, tr("Mark words that differ")),
)


class PlaygroundPane(Pane):
    """Sends prompts and shows all answers as they stream. Knows nothing of models."""

    send_requested = Signal(object)  # AskedTalks
    stop_requested = Signal()
    train_requested = Signal()
    starter_requested = Signal()  # talk to the model in the box
    answer_acted = Signal(str, int, str)  # what an answer's menu offers, its exchange's number, its column
    link_clicked = Signal(str)
    export_requested = Signal()
    grid_requested = Signal()
    pair_wanted = Signal(int)  # an exchange's number, whose vote is to be kept

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Playground"))
        self.golden_prompts: tuple[str, ...] = ()
        self._begins = False  # the next question is the first of another conversation
        self.panel = SamplingPanel(self)
        self.picker, self.menu = RunPicker(), ContestantMenu(self)
        self.header.add_subject(self.picker)
        self._add = self.header.add_button(tr("Add column"), icon="plus")
        self._add.setMenu(self.menu)
        self._sampling = self.header.add_button(tr("Sampling"), icon="sliders-horizontal")
        self._more = IconButton("ellipsis", tr("More for this conversation"), size=30)
        self.header.add_widget(self._more)
        self.system, self.ask, self.tally = SystemPrompt(), AskCard(), BlindTally()
        self.chat = SideBySideChat(theme, self.how, self)
        self.columns = self.chat.view
        self.prompt, self.note = self.ask.prompt, self.ask.note
        self.send_button, self.stop_button = self.ask.send_button, self.ask.stop_button
        self.setFocusProxy(self.prompt)  # what is typed here is meant for it
        self._add_menu()
        add(self.content, self.system, self.tally, (self.columns, 1), self.ask)
        self._connect()
        self.show_no_run()

    def _add_menu(self) -> None:
        self.more = Menu(self)
        ways = QActionGroup(self)
        self.ways: dict[str, QAction] = {}
        for key, words in _WAYS:
            action = self.ways[key] = ways.addAction(words)
            action.setCheckable(True)
            action.triggered.connect(lambda _, how=key: self.columns.show_as(how))
        self.ways[MARKDOWN].setChecked(True)
        self.more.addActions(ways.actions())
        self.more.addSeparator()
        self.own = PromptMenu(self.more)
        self.more.addMenu(self.own)
        self.golden = Menu(self.more, tr("Golden prompts"))
        self.more.addMenu(self.golden)
        self.golden.menuAction().setVisible(False)
        self.raw = self.more.addAction(tr("Complete the text, without a template"))
        self.raw.setCheckable(True)
        self.raw.toggled.connect(self._say_sampling)
        self.alone = self.more.addAction(tr("Every question by itself"))
        self.alone.setCheckable(True)
        self.blind = self.more.addAction(tr("Ask blind, then vote"))
        self.blind.setCheckable(True)
        self.blind.toggled.connect(self._set_blind)
        self.more.addSeparator()
        self.grid = self.more.addAction(tr("Ask many prompts…"))
        self.grid.triggered.connect(lambda: self.grid_requested.emit())
        self.export = self.more.addAction(tr("Export conversation…"))
        self.export.triggered.connect(lambda: self.export_requested.emit())
        self.begin_action = self.more.addAction(tr("Begin a new conversation"))
        self.begin_action.triggered.connect(self._begin_anew)
        self.clear_action = self.more.addAction(tr("Clear conversation"))
        self.clear_action.triggered.connect(self._forget)

    def _connect(self) -> None:
        self.panel.changed.connect(self._say_sampling)
        self._sampling.clicked.connect(self._open_sampling)
        self._more.clicked.connect(self._open_more)
        self.menu.chosen.connect(self.chat.add)
        self.own.chosen.connect(self.set_prompt)
        self.chat.asked.connect(self.send_requested)
        self.chat.changed.connect(self._settle)
        self.ask.submitted.connect(self._ask)
        self.stop_button.clicked.connect(self.stop_requested)
        self.columns.answer_acted.connect(self._act)
        self.columns.link_clicked.connect(self.link_clicked)
        self.columns.voted.connect(self.prompt.setFocus)
        self.columns.pair_wanted.connect(self.pair_wanted)
        self.tally.ended.connect(self.blind.toggle)

    # who is asked

    def show_no_run(self) -> None:
        """There is nobody to talk to yet."""
        self.blind.setChecked(False)
        self.chat.set_contestants(())
        self.chat.clear()
        state = EmptyState(
            "messages-square",
            tr("No model yet"),
            tr(
                "Train a model, then ask it and its base model the same things, side by side. Or talk to a "
                "model that is on this Mac."
            ),
            tr("Train a model"),
            tr("Choose a model folder…"),
            tr("Talk to Starter"),
        )
        state.chosen.connect(self.train_requested)
        state.second_chosen.connect(self.menu.model_requested)
        state.third_chosen.connect(self.starter_requested)
        self.header.set_title(tr("Playground"))
        self.header.set_subtitle(tr("Several models, side by side."))
        self._show_tools(False)
        self.show_state(state)

    def show_ready(self) -> None:
        """There is somebody to talk to; what another one said stays, and says whose it is."""
        if self.state is not None:
            self.show_state(None)
            self._show_tools(True)
            self.show_idle()
        self._say_sampling()

    def show_run(self, base: str, tuned: str) -> None:
        """There is a run: its base and its result stand side by side, unless others were chosen."""
        if not self.chat.columns:
            self.chat.set_contestants(DEFAULTS)
        self.chat.set_facts({BASE: base, TUNED: tuned})
        self.show_ready()

    def add_contestant(self, contestant: Contestant) -> None:
        """One more column; votes are between two, so names are hidden no more."""
        self.blind.setChecked(False)
        self.chat.add(contestant)
        self.show_ready()

    def offer(self, steps: Sequence[int], runs: Sequence[str], *, run: bool, training: str = "") -> None:
        """Who else can be added: checkpoints, other runs, what the run called `training` is learning at this
        moment, and what always can."""
        now = (Contestant(kind=RUN, run=training, now=True),) if training else ()
        first = (*(DEFAULTS if run else ()), *now)
        self.menu.offer(steps, runs, first=first, run=run, mixes=True)

    # what is asked

    def how(self) -> AskedHow:
        """How the next question is asked."""
        return AskedHow(
            self.panel.sampling(),
            self.system.text(),
            self.raw.isChecked(),
            self.panel.typed_tokens.isChecked(),
            is_blind=self.blind.isChecked(),
            begins=self.alone.isChecked(),
        )

    def set_prompt(self, prompt: str) -> None:
        """Put a prompt into the field, ready to send or to change."""
        self.ask.set_prompt(prompt)

    def keepable(self) -> str:
        """What could be kept as a prompt: what stands in the field, else what was asked last."""
        asked = self.chat.conversation.path()
        return self.ask.text() or (asked[-1].prompt if asked else "")

    def suggest(self, prompts: Sequence[str]) -> None:
        """Offer the golden prompts of the run, the first of them."""
        self.golden.clear()
        self.golden_prompts = tuple(prompts)
        self.golden.menuAction().setVisible(bool(prompts))
        for prompt in prompts[:_MOST_SUGGESTED]:
            action = self.golden.addAction(keyless(menu_line(prompt)))
            action.triggered.connect(partial(self.set_prompt, prompt))

    def send(self) -> None:
        """Ask what stands in the field."""
        self.ask.send()

    def ask_alone(self, prompt: str) -> None:
        """Put a prompt in and ask it, as a conversation of its own."""
        self._begin_anew()
        self.set_prompt(prompt)
        self.ask.send()

    def ask_again(self, asked: AskedTalks) -> None:
        """Wait once more for the answers to what was refused."""
        self.chat.repeat(asked)

    # how it goes

    def show_event(self, event: Event) -> None:
        """Show what was heard of the answers."""
        if event.kind == "AnswerPiece":
            self.note.hide()
        self.chat.take(event)

    def show_busy(self) -> None:
        self._set_busy(True)
        self.ask.say(_WAITING)

    def show_idle(self) -> None:
        self._set_busy(False)
        self.ask.say("")
        if (view := self.columns.answering) is not None and view.votes.is_open and not self.ask.text():
            view.votes.setFocus()  # so that a key votes

    def show_stopped(self) -> None:
        self.columns.close_open(tr("Stopped"))
        self.show_idle()

    def show_failure(self, sentence: str) -> None:
        self.columns.close_open(tr("No answer"))
        self.show_idle()
        self.ask.say(sentence, "bad")

    def _set_busy(self, busy: bool) -> None:
        self.chat.set_busy(busy)
        self.ask.set_busy(busy)
        self._settle()

    def _settle(self) -> None:
        self.clear_action.setEnabled(bool(self.columns.exchanges) and not self.chat.busy)
        blind = self.blind.isChecked()
        self._add.setEnabled(len(self.chat.columns) < MOST and not self.chat.busy and not blind)
        self.blind.setEnabled(blind or (len(self.chat.columns) == 2 and not self.chat.busy))
        self.grid.setEnabled(not blind)
        self.export.setEnabled(self.clear_action.isEnabled() and not blind)  # a file tells the names
        self.tally.show_votes(self.chat.votes, blind=blind)
        self.begin_action.setEnabled(self.clear_action.isEnabled())
        self.ways[DIFFERENCE].setEnabled(len(self.chat.columns) > 1)
        self._say_whom()

    def _show_tools(self, shown: bool) -> None:
        for tool in (self._add, self._sampling, self._more):
            tool.setVisible(shown)

    def _ask(self, prompt: str) -> None:
        begins, self._begins = self._begins, False
        self.chat.ask(prompt, begins=begins)
        self._say_whom()

    def _begin_anew(self) -> None:
        self._begins = bool(self.columns.exchanges)
        self._say_whom()
        self.prompt.setFocus()

    def _say_whom(self) -> None:
        whom = tr("Ask all of them") if len(self.chat.columns) > 1 else tr("Ask")
        self.prompt.setPlaceholderText(
            tr("{whom}, in a new conversation", whom=whom) if self._begins else whom
        )

    def _set_blind(self, blind: bool) -> None:
        self.chat.set_blind(blind)
        self._settle()

    def _forget(self) -> None:
        self.chat.clear()

    def _act(self, action: str, number: int, who: str) -> None:
        exchange = self.chat.conversation.find(number)
        answer = exchange.answers.get(who) if exchange is not None else None
        if answer is None:
            return
        if action == "copy":
            QGuiApplication.clipboard().setText(answer.text)
        elif action == "continue":
            self.chat.go_on(number, who)
        else:
            self.answer_acted.emit(action, number, who)

    def _open_sampling(self) -> None:
        self.panel.show_below(self._sampling)

    def _open_more(self) -> None:
        self.own.set_keepable(bool(self.keepable()))
        corner = self._more.mapToGlobal(QPoint(self._more.width(), self._more.height() + 4))
        self.more.popup(QPoint(corner.x() - self.more.sizeHint().width(), corner.y()))

    def _say_sampling(self, *_: object) -> None:
        if self.state is None:
            self.header.set_subtitle(sampling_words(self.panel.sampling(), raw=self.raw.isChecked()))


def sampling_words(sampling: Sampling, *, raw: bool) -> str:
    """How tokens are drawn: "temperature 0.7 · top-p 0.9 · at most 512 tokens · seed 0"."""
    draw = (
        (tr("the likeliest token"),)
        if sampling.is_greedy
        else (
            tr("temperature {temperature:g}", temperature=sampling.temperature),
            tr("top-p {top_p:g}", top_p=sampling.top_p),
        )
    )
    limit = tr("at most {max_tokens:,} tokens", max_tokens=sampling.max_tokens)
    way = (tr("without a template"),) if raw else ()
    return " · ".join((*draw, limit, tr("seed {seed}", seed=sampling.seed), *way))
