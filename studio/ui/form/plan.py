"""The plan of making more as a form, made from its fields; only what the chosen way needs is shown."""

from __future__ import annotations

from typing import Any

from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from PySide6.QtWidgets import QComboBox, QLineEdit

from studio.language import tr
from studio.recipe.entry import FieldEntry
from studio.synth.generators import GENERATORS, RowGenerator
from studio.synth.plan import Plan
from studio.ui.form.form import Form
from studio.ui.form.model_picker import ModelPicker
from studio.ui.form.row import FormRow
from studio.ui.widgets.documents import DocumentList
from studio.ui.widgets.label import note
from studio.ui.widgets.popup import Combo

SERVER = "server"
_SERVER_TITLE = tr("A server")
_SERVER_HELP = tr("OpenAI-compatible: OpenAI's own, Ollama, LM Studio, vLLM, llama.cpp and many more.")
_TITLE_WIDTH = 104  # pixels: the card is narrow, and addresses are long
_PICKED = ("maker", "data", "columns", "history", "documents", "model", "server")
_FROM_DOCUMENTS = ("passages", "either", "both")
_ADD_DOCUMENT = tr("Add a document to begin.")


def _entries() -> list[FieldEntry]:
    titles: JsonDict = {name: generator.title for name, generator in GENERATORS.items()}
    way = FieldInfo(annotation=str, default="passages", title=tr("Way"), json_schema_extra={"titles": titles})
    plan = {**Plan.model_fields, "maker": way}
    return [FieldEntry("", name, info) for name, info in plan.items()]


class SynthesisModels(ModelPicker):
    """The models on this Mac, and a server."""

    def __init__(self) -> None:
        super().__init__()
        self.insertItem(1, _SERVER_TITLE, SERVER)


class PlanForm(Form):
    """Edits a Plan, all but the dataset, which is at hand."""

    def __init__(self) -> None:
        self.way, self.description = Combo(), note("")
        self.way.setAccessibleName(tr("How rows are made"))
        self.way.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.models, self.documents = SynthesisModels(), DocumentList()
        self.server, self.name, self.key = QLineEdit(), QLineEdit(), QLineEdit()
        self.server.setPlaceholderText("http://localhost:11434/v1")
        self.name.setPlaceholderText(tr("as the server calls it"))
        self.key.setPlaceholderText(tr("if it asks for one"))
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setToolTip(tr("Kept in the system's keychain, and in no file."))
        self._documents, self._models = (
            FormRow(tr("Documents"), self.documents, "above"),
            FormRow(tr("Model"), self.models, title_width=_TITLE_WIDTH),
        )
        self._server = [
            note(_SERVER_HELP),
            FormRow(tr("Address"), self.server, title_width=_TITLE_WIDTH),
            FormRow(tr("Model name"), self.name, title_width=_TITLE_WIDTH),
            FormRow(tr("API key"), self.key, title_width=_TITLE_WIDTH),
        ]
        self._offer(has_dataset=True)
        above = (self.way, self.description, self._documents, self._models, *self._server)
        super().__init__(
            _entries(),
            {"": tr("Details")},
            picked=_PICKED,
            title_width=_TITLE_WIDTH,
            hides_idle=True,
            above=above,
        )
        self.setProperty("role", "clear")
        self.column.setContentsMargins(0, 0, 8, 0)
        for section in self.sections.values():
            section.build()
        self._connect()
        self.arrange()

    def _connect(self) -> None:
        self.way.activated.connect(self.on_edited)
        self.models.edited.connect(self.on_edited)
        self.documents.changed.connect(self.on_edited)
        for field in (self.server, self.name, self.key):
            field.textChanged.connect(self.changed)

    @property
    def generator(self) -> RowGenerator:
        return GENERATORS[str(self.way.currentData())]

    @property
    def source_word(self) -> str:
        """What rows are made from one by one: passages, examples or draws."""
        return self.rows["sources"].label.text().lower()

    def offer(self, *, has_dataset: bool) -> None:
        """Offer the ways that can be gone; without a dataset those that start from documents."""
        self._offer(has_dataset=has_dataset)
        self.on_edited()

    def _offer(self, *, has_dataset: bool) -> None:
        chosen = self.way.currentData()
        self._has_dataset = has_dataset
        self.way.clear()
        for generator in GENERATORS.values():
            if has_dataset or generator.needs in ("passages", "either"):
                self.way.addItem(generator.title, generator.name)
        self.way.setCurrentIndex(self.way.findData(chosen))
        if self.way.currentIndex() < 0:
            self.way.setCurrentIndex(self.way.findData("passages"))

    def choose_way(self, name: str) -> None:
        self.way.setCurrentIndex(self.way.findData(name))
        self.on_edited()

    def set_plan(self, plan: Plan) -> None:
        """Show what was asked once before."""
        self.set_values({name: getattr(plan, name) for name in self.rows})
        self.documents.set_paths(plan.documents)
        for field, text in ((self.server, plan.server), (self.name, plan.model if plan.server else "")):
            field.setText(text)
            field.setCursorPosition(0)
        self.models.set_model(SERVER if plan.server else plan.model)
        if self.way.findData(plan.maker) >= 0:
            self.choose_way(plan.maker)

    def plan_values(self) -> dict[str, Any]:
        """The plan's fields as they were entered, without the dataset and what cannot be."""
        served = self.models.chosen() == SERVER
        return {
            "maker": self.generator.name,
            "documents": self.documents.paths if self.generator.needs in _FROM_DOCUMENTS else (),
            "model": self.name.text().strip() if served else self.models.chosen(),
            "server": self.server.text().strip() if served and self.generator.asks_model else "",
            **{name: row.value() for name, row in self.rows.items() if not row.problem()},
        }

    def take_key(self) -> str:
        """The API key that was typed; it is shown no more."""
        key = self.key.text().strip()
        if key:
            self.key.clear()
            self.key.setPlaceholderText(tr("in the keychain"))
        return key

    def missing(self) -> str:
        """What has to be said before rows can be made, as a sentence; nothing when all is there."""
        needs = self.generator.needs
        if needs in ("passages", "both") and not self.documents.paths:
            return _ADD_DOCUMENT
        if needs == "either" and not (self.documents.paths or self._has_dataset):
            return _ADD_DOCUMENT
        if self._is_served() and not self.server.text().strip():
            return tr("Enter the server's address.")
        if self._is_served() and not self.name.text().strip():
            return tr("Enter the name of the model.")
        return tr("Fix the highlighted field.") if self.problem() else ""

    def _is_served(self) -> bool:
        return self.generator.asks_model and self.models.chosen() == SERVER

    def arrange(self) -> bool:
        """Show what the chosen way needs, and nothing else."""
        generator = self.generator
        self.given["maker"] = generator.name
        is_found = super().arrange()
        self.description.setText(generator.description)
        self._documents.setVisible(generator.needs in _FROM_DOCUMENTS)
        self._models.setVisible(generator.asks_model)
        for line in self._server:
            line.setVisible(self._is_served())
        needs, documents = generator.needs, self.documents.paths
        from_passages = needs == "passages" or (needs == "either" and documents)
        self.rows["sources"].label.setText(
            tr("Draws") if needs == "seeds" else tr("Passages") if from_passages else tr("Examples")
        )
        return is_found
