"""The conversation of the playground, and a grid of its answers, written where a person chooses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from studio.app.state import Controller, Services
from studio.dataset.record import Message
from studio.errors import StudioError
from studio.events import AnswersBegin
from studio.files import disk_errors, write_text
from studio.jobs.transcripts import TranscriptColumn, conversations_as_json, conversations_as_markdown
from studio.language import tr
from studio.ui.chat.conversation import ColumnAnswer, Conversation, Exchange
from studio.ui.panes.playground.pane import PlaygroundPane

_KINDS = tr("Markdown (*.md);;JSON (*.json)")
type WritesText = Callable[[], str]


class KeptTranscripts(Controller):
    """Writes what was said in the playground as JSON or Markdown."""

    def __init__(self, services: Services, pane: PlaygroundPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        pane.export_requested.connect(self.export)

    def export(self) -> None:
        """Write the conversation on show: every column's turns, and what each answer is of."""
        how = self._pane.how()
        told = conversations_of(self._pane.chat.conversation)
        file = save_document(
            self._window,
            tr("Export the conversation"),
            "conversation.md",
            as_json=lambda: conversations_as_json(told, how.sampling),
            as_markdown=lambda: conversations_as_markdown(told, how.sampling),
            refused=lambda words: self._answer(words, "bad"),
        )
        if file is not None:
            self._answer(tr("Written to {name}.", name=file.name), "good")


def save_document(
    parent: QWidget,
    title: str,
    name: str,
    *,
    as_json: WritesText,
    as_markdown: WritesText,
    refused: Callable[[str], object],
) -> Path | None:
    """Ask for a file and write it, as JSON where it is called so; None where that was left, or refused."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, name, _KINDS)
    if not chosen:
        return None
    path = Path(chosen)
    path = path if path.suffix else path.with_suffix(".md")
    try:
        with disk_errors(path):
            write_text(path, as_json() if path.suffix.lower() == ".json" else as_markdown())
    except StudioError as error:
        refused(str(error))
        return None
    return path


def conversations_of(conversation: Conversation) -> list[TranscriptColumn]:
    """Each column's part of each conversation on show, with its last answer; what has none is left out."""
    return [
        column
        for part in _parts(conversation.path())
        for key in dict.fromkeys(key for each in part for key in each.answers)
        if (column := _column(conversation, part, key)) is not None
    ]


def _parts(path: list[Exchange]) -> list[list[Exchange]]:
    parts: list[list[Exchange]] = []
    for exchange in path:
        if exchange.begins or not parts:
            parts.append([])
        parts[-1].append(exchange)
    return parts


def _column(conversation: Conversation, part: list[Exchange], key: str) -> TranscriptColumn | None:
    answered = [each for each in part if key in each.answers and each.answers[key].text.strip()]
    if not answered:
        return None
    last = answered[-1].answers[key]
    turns = conversation.turns(answered[-1], key, answered[-1].system)
    return TranscriptColumn(_begin_of(last), (*turns, Message("assistant", last.text)))


def _begin_of(answer: ColumnAnswer) -> AnswersBegin:
    contestant = answer.column.contestant
    return answer.begin or AnswersBegin(contestant.model, contestant.run, 0, contestant.key, contestant.title)
