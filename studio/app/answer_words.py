"""What a person says of answers: kept with the evaluation, or taken to a golden set or a dataset."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from studio.app.state import Controller, Services
from studio.errors import StudioError
from studio.evaluate.store import Ruling, Vote
from studio.files import disk_errors
from studio.jobs.evaluations import KeepWordJob, WordsJob, WordsStored
from studio.jobs.queue import QueueName
from studio.language import tr
from studio.ui.panes.evaluation.pane import EvaluationPane
from studio.ui.tables.answers import AnswerRow, Key

_LINES = tr("JSON lines (*.jsonl)")


class AnswerWords(Controller):
    """Keeps rulings, votes and notes in the folder of the evaluation on show, and brings them back."""

    def __init__(self, services: Services, pane: EvaluationPane) -> None:
        super().__init__(services, pane)
        self._pane, self._answers = pane, pane.results.answers
        self.folder: Path | None = None
        """Where the evaluation on show is kept; None while it runs."""
        self._waiting: list[Ruling | Vote | tuple[str, str]] = []
        self._looking = self._request()
        self._answers.ruled.connect(self._rule)
        self._answers.voted.connect(self._vote)
        self._answers.noted.connect(self._note)
        self._answers.golden_requested.connect(self._add_to_golden)
        self._answers.dataset_requested.connect(self._add_to_dataset)

    def begin(self) -> None:
        """Another evaluation runs; what is said of it waits for its end."""
        self.folder, self._waiting = None, []

    def turn_to(self, folder: Path) -> None:
        """The evaluation on show is kept here, and what was said while it ran goes there, too."""
        self.folder = folder
        waiting, self._waiting = self._waiting, []
        for word in waiting:
            self._keep(word)

    def look(self) -> None:
        """Learn what a judge said, now that the evaluation on show is over."""
        if self.folder is not None:
            self._looking.ask(WordsJob(self.folder), QueueName.READING, {WordsStored: self.show})

    def show(self, words: WordsStored) -> None:
        """Put back beside the answers what was said of them."""
        rulings: dict[str, dict[str, bool]] = {}
        for ruling in words.rulings:
            rulings.setdefault(ruling.item, {})[ruling.contestant] = ruling.right
        votes = {vote.item: vote for vote in words.votes}
        contradicted = {item for item, _ in words.contradictions}
        for row in self._answers.model.known():
            item = row.asked.id
            judged = words.judged.get((item, row.compared), "")
            said = item in rulings or item in votes or item in words.notes or item in contradicted
            if said or judged:
                vote = votes.get(item)
                self._answers.model.change(
                    row.key,
                    rulings=rulings.get(item, {}),
                    vote=vote.choice if vote is not None else "",
                    note=words.notes.get(item, ""),
                    disagrees=(item, row.compared) in words.contradictions,
                    judged=judged,
                )
        self._answers.settle()
        for score in words.agreement:
            self._pane.show_event(score)

    def _rule(self, key: Key, contestant: str, right: bool) -> None:
        self._keep(Ruling(key[1], contestant, right, time=_now()))

    def _vote(self, key: Key, first: str, second: str, choice: str) -> None:
        self._keep(Vote(key[1], first, second, choice, _now()))

    def _note(self, key: Key, text: str) -> None:
        self._keep((key[1], text))

    def _keep(self, word: Ruling | Vote | tuple[str, str]) -> None:
        if self.folder is None:
            self._waiting.append(word)
            return
        job = KeepWordJob(self.folder, word)
        self._queue.submit(job, QueueName.READING, self._pane.show_event, self._show_if_failed)

    def _add_to_golden(self, row: AnswerRow) -> None:
        self._add(tr("Add to a golden set"), row, "ideal")

    def _add_to_dataset(self, row: AnswerRow) -> None:
        self._add(tr("Add to a dataset"), row, "completion")

    def _add(self, title: str, row: AnswerRow, field: str) -> None:
        """Put the question with its ideal answer at the end of a file, which is made if it is not there."""
        answer = row.answer(row.compared)
        wanted = row.asked.ideal or (answer.text if answer is not None else "")
        file, _ = QFileDialog.getSaveFileName(
            self._window, title, "", _LINES, options=QFileDialog.Option.DontConfirmOverwrite
        )
        if not file:
            return
        path = Path(file).with_suffix(Path(file).suffix or ".jsonl")
        try:
            add_line(path, {"prompt": row.asked.prompt, field: wanted})
        except StudioError as error:
            self._answer(str(error), "bad")
            return
        self._answer(tr("Added to {name}.", name=path.name), "good")


def add_line(path: Path, values: Mapping[str, object]) -> None:
    """Put one more row at the end of a file, whose last line may lack its end. Raises DiskError."""
    line = json.dumps(values, ensure_ascii=False) + "\n"
    with disk_errors(path), path.open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else f"\n{line}"
        file.write(line.encode("utf-8", "surrogatepass"))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
