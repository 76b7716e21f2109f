"""Taking a run's result elsewhere: in which form, where to, how far it is, and how alike it is then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from studio.events import Exported
from studio.language import tr
from studio.ui.dialogs.dialog import fields
from studio.ui.dialogs.hub import AccessBox
from studio.ui.dialogs.task import BusyDialog
from studio.ui.plain import tip
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import ElidedLabel, WrapLabel
from studio.ui.widgets.layout import add, clear, row
from studio.ui.widgets.popup import Combo
from studio.ui.widgets.tabs import Tabs
from studio.words import counted, file_size

_WIDTH = 660
_ANSWER_HEIGHT = 72


@dataclass(frozen=True)
class ExportForm:
    """A form that a result can be written in: its title, and what it is for."""

    title: str
    use: str
    weights: bool = False  # whether one chooses what becomes of quantized weights
    precision: bool = False  # whether one chooses how many bits a weight takes
    name: bool = False  # whether it can be created in Ollama, under a name


HUB = "hub"
FORMS = {
    "mlx": ExportForm(tr("MLX adapter"), tr("A small folder that mlx-lm puts on the original model.")),
    "peft": ExportForm(
        tr("PEFT adapter"),
        tr(
            "For transformers, vLLM and most other tools: adapter, tokenizer, and checkpoints "
            "to train on from."
        ),
    ),
    "fused": ExportForm(
        tr("Whole model"),
        tr("The original with what was learned in its weights: for MLX and LM Studio."),
        weights=True,
    ),
    "gguf": ExportForm("GGUF", tr("One file for llama.cpp, LM Studio and others."), precision=True),
    "ollama": ExportForm(
        tr("Ollama"), tr("A GGUF file, and the Modelfile that Ollama reads."), precision=True, name=True
    ),
    HUB: ExportForm(
        tr("Hub"), tr("To the Hugging Face Hub, with a card made from the run and its evaluation.")
    ),
}
SENT = ("mlx", "peft", "fused", "gguf")
"""What can go to the Hub."""
WEIGHTS = {
    "auto": tr("Quantized again if at most 5 % of what was learned is lost"),
    "keep": tr("Quantized again, as the original is"),
    "plain": tr("Not quantized: nothing is lost, and it is larger"),
}


@dataclass(frozen=True)
class ExportWish:
    """What the sheet was asked for; `folder` is where it goes, `ollama_name` what Ollama is to call it."""

    target: str
    folder: str
    weights: str
    precision: str
    prompt: str
    ollama_name: str = ""
    repository: str = ""  # on the Hub: owner/name
    form: str = "mlx"  # in which it goes there
    private: bool = True
    token: str = field(default="", repr=False)


class ExportDialog(BusyDialog):
    """Emits what to write; whoever does it tells with the show_… methods."""

    export_requested = Signal(object)  # ExportWish
    folder_wanted = Signal()
    target_chosen = Signal(str)
    reveal_requested = Signal(str)
    page_requested = Signal(str)

    def __init__(
        self, run: str, precisions: Mapping[str, str], prompt: str, parent: QWidget | None = None
    ) -> None:
        what = tr("It is written, read back as the other tool reads it, and compared with the run's model.")
        super().__init__(tr("Export {run}", run=run), what, tr("Export"), parent, width=_WIDTH)
        self._exported: Exported | None = None
        self._command = ""
        self.targets = Tabs([(key, form.title) for key, form in FORMS.items()], "segment")
        self.use, self.remarks = WrapLabel(role="note"), WrapLabel(role="note")
        self.weights, self.precision = Combo(), Combo()
        for combo, choices in ((self.weights, WEIGHTS), (self.precision, precisions)):
            for key, words in choices.items():
                combo.addItem(words, key)
        self.folder = ElidedLabel()
        self.choose, self.lm_studio = Button(tr("Choose…")), Button(tr("LM Studio's folder"))
        self.lm_studio.setToolTip(tip(tr("Where LM Studio finds it")))
        self.prompt, self.ollama_name = QLineEdit(prompt), QLineEdit()
        self.ollama_name.setPlaceholderText(tr("Leave empty to write the files only"))
        self._add_hub_fields(run)
        self.before, self.after = _answer_field(tr("Before")), _answer_field(tr("After"))
        self.reveal, self.copy = (
            Button(tr("Show in folder"), icon="folder-open"),
            Button(tr("Copy the command"), icon="copy"),
        )
        self._lay_out()
        self._connect()
        self._show_target()
        self._show_done(False)

    @property
    def target(self) -> str:
        return self.targets.current

    def set_folder(self, folder: str, lm_studio: str = "") -> None:
        """Where it goes; and where LM Studio would find it, if it is on this machine."""
        self.folder.setText(folder)
        self._lm_studio = lm_studio
        self.lm_studio.setVisible(bool(lm_studio) and lm_studio != folder)

    def show_done(self, event: Exported, command: str) -> None:
        """It stands there and was read back: say how alike it is, and how it is used."""
        self._exported, self._command = event, command
        self._show_busy(False)
        self._show_done(True)
        self.say(_verdict(event), "good")
        self.remarks.setText("\n".join(map(str, event.remarks)))
        self.remarks.setVisible(bool(event.remarks))
        self.before.setPlainText(event.before)
        self.after.setPlainText(event.after)
        self._answers.setVisible(bool(event.prompt))
        self.adjustSize()

    def rest(self, sentence: str) -> None:
        """It was not written: say why."""
        self._show_busy(False)
        self.say(sentence, "bad")
        self.adjustSize()

    def show_uploaded(self, address: str) -> None:
        """It is on the Hub: offer its address."""
        self._command = address
        self._show_busy(False)
        self._show_done(True)
        self.reveal.hide()
        self.copy.setText(tr("Copy the link"))
        self.say(tr("It is at {address}.", address=address), "good")
        self.access.hide()
        self.adjustSize()

    def show_leaving(self, text: str) -> None:
        """Say what leaves this Mac, before it does."""
        self.say(text, "dim")
        self.adjustSize()

    def _add_hub_fields(self, run: str) -> None:
        self.repository, self.form = QLineEdit(), Combo()
        self.repository.setPlaceholderText(f"owner/{run}")
        for key in SENT:
            self.form.addItem(FORMS[key].title, key)
        self.seen = Tabs([("private", tr("Private")), ("public", tr("Public"))], "segment")
        self.access = AccessBox("write")
        self.access.page_requested.connect(self.page_requested)

    def _lay_out(self) -> None:
        self._place = clear(row((self.folder, 1), self.lm_studio, self.choose))
        self._seen = clear(row(self.seen, ...))
        self._fields = fields(
            (tr("Weights"), self.weights),
            (tr("Stored in"), self.precision),
            (tr("Folder"), self._place),
            (tr("Name"), self.repository),
            (tr("Form"), self.form),
            (tr("Visibility"), self._seen),
            (tr("Create in Ollama as"), self.ollama_name),
            (tr("Test prompt"), self.prompt),
        )
        self.folder.setAccessibleName(tr("Folder"))
        self._answers = clear(row(_titled(tr("Before"), self.before), _titled(tr("After"), self.after)))
        self.fill(
            self.targets,
            self.use,
            self._fields,
            self.access,
            self.progress,
            self.status,
            self._answers,
            self.remarks,
            foot=(self.reveal, self.copy, ...),
        )
        for part in (self.progress, self.status, self.remarks, self._answers):
            part.hide()

    def _connect(self) -> None:
        self.targets.chosen.connect(self._show_target)
        self.choose.clicked.connect(self.folder_wanted)
        self.lm_studio.clicked.connect(self._take_lm_studio)
        self.copy.clicked.connect(self._copy)
        self.reveal.clicked.connect(self._reveal)

    def _show_target(self) -> None:
        form = FORMS[self.target]
        self.use.setText(form.use)
        self._fields.setRowVisible(self.weights, form.weights)
        self._fields.setRowVisible(self.precision, form.precision)
        self._fields.setRowVisible(self.ollama_name, form.name)
        to_hub = self.target == HUB
        for part in (self.repository, self.form, self._seen):
            self._fields.setRowVisible(part, to_hub)
        for part in (self._place, self.prompt):
            self._fields.setRowVisible(part, not to_hub)
        self.agree.setText(tr("Upload") if to_hub else tr("Export"))
        self.access.hide()
        self.target_chosen.emit(self.target)
        self.adjustSize()

    def begin(self) -> None:
        """It is being written from now on."""
        self._show_busy(True)
        self.status.hide()
        self.adjustSize()

    def on_agreed(self) -> None:
        wish = ExportWish(
            self.target,
            self.folder.text(),
            str(self.weights.currentData()),
            str(self.precision.currentData()),
            self.prompt.text().strip(),
            self.ollama_name.text().strip() if FORMS[self.target].name else "",
            self.repository.text().strip(),
            str(self.form.currentData()),
            self.seen.current == "private",
            self.access.token.text().strip(),
        )
        self.export_requested.emit(wish)

    def _take_lm_studio(self) -> None:
        self.set_folder(self._lm_studio, self._lm_studio)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._command)
        self.copy.setText(tr("Copied"))

    def _reveal(self) -> None:
        if self._exported is not None:
            self.reveal_requested.emit(self._exported.folder)

    def _inputs(self) -> tuple[QWidget, ...]:
        chosen = self.targets, self.weights, self.precision, self.choose, self.lm_studio
        return *chosen, self.ollama_name, self.prompt, self.repository, self.form, self.seen, self.access

    def _show_busy(self, busy: bool) -> None:
        self.set_busy(busy)
        for widget in (*self._inputs(), self.agree):
            widget.setEnabled(not busy)

    def _show_done(self, done: bool) -> None:
        for button in (self.reveal, self.copy):
            button.setVisible(done)
        self.agree.setVisible(not done)
        if done:
            self.cancel.setText(tr("Close"))
            for widget in self._inputs():
                widget.setEnabled(False)


def _answer_field(name: str) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setReadOnly(True)
    field.setAccessibleName(name)
    field.setFixedHeight(_ANSWER_HEIGHT)
    return field


def _titled(title: str, field: QPlainTextEdit) -> Card:
    card = Card(title)
    add(card.body, field)
    return card


def _verdict(event: Exported) -> str:
    """What reading it back has shown, in a sentence."""
    files = f"{counted(len(event.files), 'file')}, {file_size(event.size)}"
    alike = tr(
        "the likeliest token is the same at {same} of {places} places", same=event.same, places=event.places
    )
    lost = "" if event.lost is None else tr("; {lost:.1%} of what the run learned is lost", lost=event.lost)
    return tr("Read back and compared ({files}): {alike}{lost}.", files=files, alike=alike, lost=lost)
