"""The tokens of an answer in the playground: read by all that were asked, and gone on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from studio.app.request import RunRequest
from studio.app.state import Controller, Services
from studio.events import AnswerRead
from studio.generate.contestant import SERVER, Contestant, Talk, called
from studio.jobs.answers import ReadAnswerJob
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import QueueName
from studio.language import tr
from studio.runs.folder import RunFolder
from studio.ui.chat.conversation import ColumnAnswer, Exchange
from studio.ui.chat.exchange import TOKENS, source_of
from studio.ui.dialogs.answer_tokens import AnswerTokensDialog
from studio.ui.dialogs.likely_tokens import TokenReader
from studio.ui.panes.playground.pane import PlaygroundPane
from studio.ui.theme import Theme

_SERVED = tr("A server tells only text, so the tokens of its answer are not known here.")
_CUT = tr("This answer was not whole when it ended, so its tokens are not known. Ask it anew.")
_BUSY = tr("An answer is still coming. Stop it first, or wait for its end.")
_NO_SERVER, _OTHERS = tr("A server tells no tokens."), tr("It reads with other tokens.")


@dataclass(frozen=True)
class _Shown:
    """The answer that is looked at, in its question's column, and the talks of all columns by their keys."""

    exchange: Exchange
    column: str
    talks: Mapping[str, Talk]

    @property
    def asked(self) -> tuple[Talk, ...]:
        return tuple(self.talks.values())

    def readers(self, read: AnswerRead) -> list[TokenReader]:
        """All columns, the answer's own first; those that could not read it say why."""
        names = zip(called(self.asked), self.asked, strict=True)
        found = [_reader(talk.contestant, read.readers, name) for name, talk in names]
        return sorted(found, key=lambda each: (each.place < 0, each.place))


def _reader(contestant: Contestant, readers: Sequence[str], name: str) -> TokenReader:
    if name in readers:
        return TokenReader(contestant.title, readers.index(name))
    return TokenReader(contestant.title, why_not=_OTHERS if contestant.is_local else _NO_SERVER)


class AnswersByToken(Controller):
    """Shows an answer token by token, and lets it go on from another token in any place."""

    def __init__(self, services: Services, pane: PlaygroundPane, theme: Theme) -> None:
        super().__init__(services, pane)
        self._pane, self._theme = pane, theme
        self._runs: WeakKeyDictionary[Exchange, RunFolder | None] = WeakKeyDictionary()
        self.request = RunRequest(self._queue, self._window, self._read)
        self.dialog: AnswerTokensDialog | None = None
        self._shown: _Shown | None = None
        pane.send_requested.connect(self._note_run)
        pane.answer_acted.connect(self._act)

    def _note_run(self) -> None:
        """Take note of the run that is asked: it may be another one on show when its tokens are looked at."""
        view, run = self._pane.columns.answering, self._subjects.run("playground")
        if view is not None:
            self._runs[view.exchange] = RunFolder(run.folder) if run is not None else None

    def _act(self, action: str, number: int, who: str) -> None:
        exchange = self._pane.chat.conversation.find(number)
        answer = exchange.answers.get(who) if exchange is not None else None
        if action == TOKENS and exchange is not None and answer is not None:
            self._show(exchange, answer)

    def _show(self, exchange: Exchange, answer: ColumnAnswer) -> None:
        """Open the dialog, and read the answer as all of its question's columns see it."""
        talks = {key: each.talk for key, each in exchange.answers.items() if each.talk is not None}
        shown = _Shown(exchange, answer.column.key, talks)
        self.dialog = dialog = AnswerTokensDialog(self._theme, source_of(answer), self._window)
        dialog.continued.connect(partial(self._go_on, shown))
        dialog.finished.connect(self.request.drop)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        if why := _why_unknown(answer):
            dialog.say(why)
            return
        ids = answer.ended.ids if answer.ended is not None else ()
        run, place = self._runs.get(exchange), list(talks).index(shown.column)
        self._shown = shown
        self._read(ReadAnswerJob(run, shown.asked, place, ids, answer.typed_tokens))

    def _read(self, job: ReadAnswerJob) -> None:
        self.request.ask(job, QueueName.INTERRUPT, {AnswerRead: self._take}, self._end)

    def _take(self, read: AnswerRead) -> None:
        if self.dialog is not None and self._shown is not None:
            self.dialog.show_answer(read, self._shown.readers(read))

    def _end(self, outcome: Outcome) -> None:
        if self.dialog is not None and isinstance(outcome, Failed):
            self.dialog.say(outcome.summary, "bad")

    def _go_on(self, shown: _Shown, place: int, token: int) -> None:
        """Ask for another version of the answer: the tokens before a place, and this one there."""
        read = self.dialog.read if self.dialog is not None else None
        run, now = self._runs.get(shown.exchange), self._subjects.run("playground")
        if read is None:
            return
        if self._pane.chat.busy:
            self._answer(_BUSY)
        elif run is not None and (now is None or now.folder != run.path):
            self._answer(
                tr("This answer is of {name}. Choose that run above to go on from there.", name=run.name)
            )
        else:
            before = read.tokens[:place]
            ids = (*(each.id for each in before), token)
            begun = "".join(each.text for each in before)
            self._pane.chat.branch(shown.exchange.number, shown.column, begun, ids)


def _why_unknown(answer: ColumnAnswer) -> str:
    """Why the tokens of an answer are not known, or nothing."""
    if answer.column.contestant.kind == SERVER:
        return _SERVED
    is_known = answer.ended is not None and answer.ended.ids and answer.talk is not None
    return "" if is_known else _CUT
