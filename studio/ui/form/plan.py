"""The plan of making more as a form, made from its fields; only what the chosen way needs is shown."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from studio.recipe.entry import FieldEntry
from studio.synth.generators import GENERATORS, RowGenerator
from studio.synth.plan import Plan
from studio.ui.form.editors import TextField, editor_for, mark_invalid, text_of
from studio.ui.form.model_picker import ModelPicker
from studio.ui.form.row import FormRow
from studio.ui.form.section import SectionHead
from studio.ui.plain import tip
from studio.ui.widgets.documents import DocumentList
from studio.ui.widgets.label import WrapLabel, note

SERVER = "server"
_SERVER_TITLE = "A server"
_SERVER_HELP = "OpenAI-compatible: OpenAI's own, Ollama, LM Studio, vLLM, llama.cpp and many more."
_TITLE_WIDTH = 86
_ALL = "all"
_TYPED = ("sources", "each", "language", "through", "noise")
_DETAILS = ("temperature", "max_tokens", "longest", "seed")
_FROM_DOCUMENTS = ("passages", "either", "both")


class PlanRow(FormRow):
    """The row of one field of the plan; it checks its own value."""

    edited = Signal()

    def __init__(self, name: str) -> None:
        entry = FieldEntry("", name, Plan.model_fields[name])
        editor = editor_for(entry)
        if not isinstance(editor, TextField):
            raise TypeError(f"{name} is not typed on a line")
        super().__init__(entry.title, editor)
        self.label.setFixedWidth(_TITLE_WIDTH)
        self.name, self.editor = name, editor
        self._error = WrapLabel("", role="error")
        self._error.hide()
        self.grid.addWidget(self._error, 1, 1)
        self.label.setToolTip(tip(entry.help))
        if name == "sources":
            editor.setPlaceholderText(_ALL)
        editor.edited.connect(self._on_edited)
        self.set_value(entry.default)

    def value(self) -> str:
        return self.editor.value() or ("0" if self.name == "sources" else "")

    def set_value(self, value: Any) -> None:
        self.editor.set_value("" if self.name == "sources" and not value else text_of(value))
        self._on_edited()

    def problem(self) -> str:
        """What is wrong with the value as a sentence, or nothing."""
        try:
            Plan.model_validate({self.name: self.value()})
        except ValidationError as error:
            said = error.errors()[0]["msg"]
            return f"{self.label.text()}: {said[0].lower()}{said[1:]}."
        return "" if self.value() else f"{self.label.text()} needs a value."

    def _on_edited(self) -> None:
        problem = self.problem()
        mark_invalid(self.editor, bool(problem))
        self._error.setText(problem)
        self._error.setVisible(bool(problem))
        self.edited.emit()


class MakingModels(ModelPicker):
    """The models on this Mac, and a server."""

    def __init__(self) -> None:
        super().__init__()
        self.insertItem(1, _SERVER_TITLE, SERVER)


class PlanForm(QWidget):
    """Edits a Plan, all but the dataset, which is at hand. `changed` after every edit."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._has_dataset = True
        self.way, self.description = QComboBox(), note("")
        self.models, self.documents = MakingModels(), DocumentList()
        self.server, self.name, self.key = QLineEdit(), QLineEdit(), QLineEdit()
        self.server.setPlaceholderText("http://localhost:11434/v1")
        self.name.setPlaceholderText("as the server calls it")
        self.key.setPlaceholderText("if it asks for one")
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setToolTip("Kept in the system's keychain, and in no file.")
        self.rows = {name: PlanRow(name) for name in (*_TYPED, *_DETAILS)}
        self.details = SectionHead("Details")
        self._server_help = note(_SERVER_HELP)
        self._lines = {
            "documents": FormRow("Documents", self.documents, "above"),
            "models": FormRow("Model", self.models),
            "help": self._server_help,
            "server": FormRow("Address", self.server),
            "name": FormRow("Model name", self.name),
            "key": FormRow("API key", self.key),
        }
        self._lay_out()
        self._connect()
        self.offer(has_dataset=True)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        self.way.setAccessibleName("How rows are made")
        self.way.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        column.addWidget(self.way)
        column.addWidget(self.description)
        column.addSpacing(2)
        for name, line in self._lines.items():
            column.addWidget(line)
            if isinstance(line, FormRow) and name != "documents":
                line.label.setFixedWidth(_TITLE_WIDTH)
        for name in _TYPED:
            column.addWidget(self.rows[name])
        column.addWidget(self.details)
        for name in _DETAILS:
            column.addWidget(self.rows[name])
        column.addStretch(1)

    def _connect(self) -> None:
        self.way.activated.connect(self._arrange)
        self.models.edited.connect(self._arrange)
        self.documents.changed.connect(self._arrange)
        self.details.toggled.connect(self._unfold)
        for field in (self.server, self.name, self.key):
            field.textChanged.connect(self.changed)
        for row in self.rows.values():
            row.edited.connect(self.changed)

    @property
    def maker(self) -> RowGenerator:
        return GENERATORS[str(self.way.currentData())]

    @property
    def source_word(self) -> str:
        """What rows are made from one by one: passages, examples or draws."""
        return self.rows["sources"].label.text().lower()

    def offer(self, *, has_dataset: bool) -> None:
        """Offer the ways that can be gone; without a dataset those that start from documents."""
        chosen = self.way.currentData()
        self._has_dataset = has_dataset
        self.way.clear()
        for maker in GENERATORS.values():
            if has_dataset or maker.needs in ("passages", "either"):
                self.way.addItem(maker.title, maker.name)
        self.choose_way(str(chosen) if self.way.findData(chosen) >= 0 else "passages")

    def choose_way(self, name: str) -> None:
        self.way.setCurrentIndex(self.way.findData(name))
        self._arrange()

    def set_plan(self, plan: Plan) -> None:
        """Show what was asked once before."""
        for name, row in self.rows.items():
            row.set_value(getattr(plan, name))
        self.documents.set_paths(plan.documents)
        for field, text in ((self.server, plan.server), (self.name, plan.model if plan.server else "")):
            field.setText(text)
            field.setCursorPosition(0)
        self.models.set_model(SERVER if plan.server else plan.model)
        if self.way.findData(plan.maker) >= 0:
            self.choose_way(plan.maker)

    def values(self) -> dict[str, Any]:
        """The plan's fields as they were entered, without the dataset."""
        served = self.models.chosen() == SERVER
        return {
            "maker": self.maker.name,
            "documents": self.documents.paths if self.maker.needs in _FROM_DOCUMENTS else (),
            "model": self.name.text().strip() if served else self.models.chosen(),
            "server": self.server.text().strip() if served and self.maker.asks_model else "",
            **{name: row.value() for name, row in self.rows.items() if not row.problem()},
        }

    def take_key(self) -> str:
        """The API key that was typed; it is shown no more."""
        key = self.key.text().strip()
        if key:
            self.key.clear()
            self.key.setPlaceholderText("in the keychain")
        return key

    def missing(self) -> str:
        """What has to be said before rows can be made, as a sentence; nothing when all is there."""
        needs = self.maker.needs
        if needs in ("passages", "both") and not self.documents.paths:
            return "Add a document to begin."
        if needs == "either" and not (self.documents.paths or self._has_dataset):
            return "Add a document to begin."
        if self._is_served() and not self.server.text().strip():
            return "Enter the server's address."
        if self._is_served() and not self.name.text().strip():
            return "Enter the name of the model."
        shown = (row.problem() for row in self.rows.values() if not row.isHidden())
        return "Mend the field in red." if any(shown) else ""

    def _is_served(self) -> bool:
        return self.maker.asks_model and self.models.chosen() == SERVER

    def _arrange(self) -> None:
        """Show what the chosen way needs, and nothing else."""
        maker = self.maker
        self.description.setText(maker.description)
        self._lines["documents"].setVisible(maker.needs in _FROM_DOCUMENTS)
        self._lines["models"].setVisible(maker.asks_model)
        for name in ("help", "server", "name", "key"):
            self._lines[name].setVisible(self._is_served())
        shown = {
            "sources": True,
            "each": maker.name in ("passages", "seeds"),
            "language": maker.name == "back-translation",
            "through": maker.name == "back-translation",
            "noise": maker.name == "noise",
        }
        for name, is_shown in shown.items():
            self.rows[name].setVisible(is_shown)
        from_passages = maker.needs == "passages" or (maker.needs == "either" and self.documents.paths)
        self.rows["sources"].label.setText(
            "Draws" if maker.needs == "seeds" else "Passages" if from_passages else "Examples"
        )
        self._unfold(self.details.isChecked())
        self.changed.emit()

    def _unfold(self, is_open: bool) -> None:
        self.details.set_icon("chevron-down" if is_open else "chevron-right")
        for name in _DETAILS:
            asks = name in ("seed", "longest") or self.maker.asks_model
            self.rows[name].setVisible(is_open and asks)
