"""A task that is waited for, with a button that stops it; and a question before something is lost."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from studio.events import Progress
from studio.language import tr
from studio.ui.dialogs.dialog import Dialog
from studio.ui.widgets.label import ElidedLabel, WrapLabel
from studio.ui.widgets.layout import column
from studio.ui.widgets.style import set_property, show_progress
from studio.ui.widgets.timing import Debounce

_WAIT_MILLISECONDS = 300
_WIDTH = 440


def progress_words(progress: Progress) -> str:
    """12 of 40 MB downloaded; where nothing is counted, only what is done."""
    if progress.total:
        return tr(
            "{done:,} of {total:,} {what}", done=progress.done, total=progress.total, what=progress.what
        )
    return f"{progress.done:,} {progress.what}" if progress.done else f"{progress.what}…"


class ProgressStrip(QWidget):
    """With no total the bar only moves."""

    def __init__(self) -> None:
        super().__init__()
        self.bar, self.status = QProgressBar(), ElidedLabel()
        self.bar.setTextVisible(False)
        self.status.setProperty("tone", "dim")
        column(self.bar, self.status, on=self, gap=6)

    def show_progress(self, progress: Progress) -> None:
        show_progress(self.bar, progress.done, progress.total)
        self.bar.setAccessibleName(progress_words(progress))
        self.status.setText(progress_words(progress))

    def rest(self, words: str) -> None:
        """Stop moving, and say why."""
        self.bar.setRange(0, max(self.bar.maximum(), 1))
        self.status.setText(words)


class BusyDialog(Dialog):
    """Asks for work that takes a while; meanwhile Cancel stops it, and `show_busy` says how far it is."""

    stop_requested = Signal()

    def __init__(self, heading: str, text: str, agree: str, parent: QWidget | None, *, width: int) -> None:
        super().__init__(heading, text, agree, parent, width=width)
        self.progress, self.status = ProgressStrip(), WrapLabel()
        self._busy = False

    def show_busy(self, progress: Progress) -> None:
        """Say how far the work is."""
        self.progress.show_progress(progress)

    def say(self, sentence: str, tone: str) -> None:
        """Say how it went, in good, bad or dim; nothing takes the line away."""
        set_property(self.status, "role", "error" if tone == "bad" else "")
        set_property(self.status, "tone", "" if tone == "bad" else tone)
        self.status.setText(sentence)
        self.status.setVisible(bool(sentence))

    def reject(self) -> None:
        """Close; what is under way ends."""
        self.stop_requested.emit()
        super().reject()

    def on_cancelled(self) -> None:
        if self._busy:
            self.stop_requested.emit()
        else:
            self.reject()

    def set_busy(self, busy: bool) -> None:
        """Whether the work is under way."""
        self._busy = busy
        self.progress.setVisible(busy)
        self.cancel.setText(tr("Stop") if busy else tr("Cancel"))


class TaskDialog(BusyDialog):
    """Appears only when the task takes longer than a moment; closing it stops the task."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, "", "", parent, width=_WIDTH)
        self.progress.show_progress(Progress(tr("Starting"), 0))
        self.agree.hide()
        self.cancel.setText(tr("Stop"))
        self.cancel.set_icon("square")
        self.fill(self.progress)
        self._wait = Debounce(self, _WAIT_MILLISECONDS, self.open)
        self._wait.trigger()

    def finish(self) -> None:
        """Go away: the task is over."""
        self._wait.stop()
        self.accept()

    def reject(self) -> None:
        self._wait.stop()
        super().reject()


class QuestionDialog(Dialog):
    """Accepted when the person agrees; Return and Escape leave things as they are."""

    def __init__(self, question: str, more: str, agree: str, parent: QWidget | None = None) -> None:
        super().__init__(question, more, agree, parent, width=_WIDTH)
        self.setWindowTitle(agree)
        self.agree.set_role("danger")
        self.fill()
        self.agree.setAutoDefault(False)
        self.cancel.setDefault(True)
        self.cancel.setFocus()
