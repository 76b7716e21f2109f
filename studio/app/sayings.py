"""What a person does with what was said in the playground: keep an answer, open a link."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from studio.app.answer_words import add_line
from studio.app.state import Controller, Services
from studio.dataset.record import Message
from studio.errors import StudioError
from studio.language import tr
from studio.ui.chat.markdown import opens_outside
from studio.ui.dialogs.keep import KeepDialog, KeptPart
from studio.ui.dialogs.task import QuestionDialog
from studio.ui.panes.playground.pane import PlaygroundPane

_LINES = tr("JSON lines (*.jsonl)")
_CORRECT = tr("Correct the answer first, if it is not what you want to read.")
_PAIR = tr("What is trained on learns to prefer the first to the second. Correct them first, if you like.")
type MakesRow = Callable[[dict[str, str]], Mapping[str, object]]
_KEPT = {"golden": (tr("Add to a golden set"), "ideal"), "row": (tr("Add to a dataset"), "completion")}


class KeptSayings(Controller):
    """Adds an exchange to a file as a row, and asks before a link of an answer is opened."""

    def __init__(self, services: Services, pane: PlaygroundPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self.dialog: QuestionDialog | None = None
        self.kept: KeepDialog | None = None
        pane.answer_acted.connect(self.keep_answer)
        pane.pair_wanted.connect(self.keep_pair)
        pane.link_clicked.connect(self.ask_to_open)

    def ask_to_open(self, address: str) -> None:
        """Ask whether a page or a mail is to be opened; anything else never is."""
        if not opens_outside(address):
            self._answer(tr("{address} is no web page, so it is not opened.", address=address[:200]))
            return
        words = tr("Open this address in the browser?")
        self.dialog = dialog = QuestionDialog(words, address[:2000], tr("Open"), self._window)
        dialog.accepted.connect(lambda: QDesktopServices.openUrl(QUrl(address)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def keep_answer(self, action: str, number: int, who: str) -> None:
        """Let an answer be corrected, and kept as a row of a golden set or of a dataset."""
        exchange = self._pane.chat.conversation.find(number)
        answer = exchange.answers.get(who) if exchange is not None else None
        if exchange is None or answer is None or action not in _KEPT:
            return
        title, field = _KEPT[action]
        parts = [
            KeptPart("prompt", tr("Question"), exchange.prompt),
            KeptPart(field, tr("Answer"), answer.text),
        ]
        self._ask_for(title, _CORRECT, parts, lambda values: values)

    def keep_pair(self, number: int) -> None:
        """Let the two answers that were voted on be corrected, and kept as a preference pair."""
        chat = self._pane.chat
        exchange = chat.conversation.find(number)
        if exchange is None or exchange.vote not in ("a", "b"):
            return
        order = list(exchange.answers)
        better, worse = order if exchange.vote == "a" else order[::-1]
        said = chat.conversation.turns(exchange, better, exchange.system)
        texts = {key: exchange.answers[key].text for key in (better, worse)}
        parts = [
            KeptPart("chosen", tr("The better answer"), texts[better]),
            KeptPart("rejected", tr("The worse answer"), texts[worse]),
        ]
        self._ask_for(tr("Add as a preference pair"), _PAIR, parts, lambda values: pair_row(said, values))

    def _ask_for(self, title: str, words: str, parts: list[KeptPart], row: MakesRow) -> None:
        self.kept = dialog = KeepDialog(title, words, parts, self._window)
        dialog.accepted.connect(lambda: self._keep(title, row(dialog.values())))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _keep(self, title: str, row: Mapping[str, object]) -> None:
        """Put a row at the end of a file, which is made if it is not there."""
        untold = QFileDialog.Option.DontConfirmOverwrite
        file, _ = QFileDialog.getSaveFileName(self._window, title, "", _LINES, options=untold)
        if not file:
            return
        path = Path(file).with_suffix(Path(file).suffix or ".jsonl")
        try:
            add_line(path, row)
        except StudioError as error:
            self._answer(str(error), "bad")
            return
        self._answer(tr("Added to {name}.", name=path.name), "good")


def pair_row(said: Sequence[Message], values: Mapping[str, str]) -> dict[str, object]:
    """A preference pair: a question with two answers, or the turns of both where more was said before."""
    if len(said) == 1:
        return {"prompt": said[0].content, **values}
    before = [{"role": turn.role, "content": turn.content} for turn in said]
    return {
        side: [*before, {"role": "assistant", "content": values[side]}] for side in ("chosen", "rejected")
    }
