"""The models of this Mac at work: listed, shown, added, and given to what uses them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices

from studio.app.hub import open_page
from studio.app.request import Listeners
from studio.app.reveal import reveal
from studio.app.state import Controller, Services
from studio.catalogue import phrase
from studio.events import ModelFacts, ModelsFound, ModelShown
from studio.jobs.job import Failed, Outcome
from studio.jobs.models import ListModelsJob, ShowModelJob
from studio.jobs.queue import QueueName
from studio.language import tr
from studio.paths import STARTER_MODEL
from studio.ui.panes.models.pane import LOCAL, ModelsPane

NOT_ADDED = tr("not added")
"""Why something is said: what was dropped is no model that can be used."""
_GGUF = tr("Models in GGUF (*.gguf)")


class Models(Controller):
    """Keeps the list of models true, here and for the form that chooses one."""

    listed = Signal(object)  # ModelFacts of all models that are here
    train_requested = Signal(str)  # a model as a recipe names it
    chat_requested = Signal(str)

    def __init__(self, services: Services, pane: ModelsPane, places: Sequence[str] = ()) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self.places = tuple(places)  # folders and files that the person added
        self._listing, self._reading, self._adding = self._request(), self._request(), self._request()
        self._shown = ""  # the place of the model that was read last
        self._wanted = ""  # the place of the one to be stood on once it is listed
        self._window.pane_shown.connect(self._on_pane_shown)
        pane.local.chosen_changed.connect(self._show_chosen)
        pane.refresh_requested.connect(self.refresh)
        pane.train_requested.connect(lambda facts: self.train_requested.emit(recipe_name(facts)))
        pane.chat_requested.connect(lambda facts: self.chat_requested.emit(recipe_name(facts)))
        pane.reveal_requested.connect(_reveal)
        pane.page_requested.connect(self._open_page)
        pane.add_folder_requested.connect(self._choose_folder_to_add)
        pane.add_file_requested.connect(self._choose_file_to_add)

    def refresh(self, *, weigh: bool = True) -> None:
        """Look for models again; without `weigh`, what is not known of their uses stays so."""
        job = ListModelsJob(self._paths, self.places, weigh=weigh)
        self._listing.ask(job, QueueName.LISTING, {ModelsFound: self._show_list}, self._show_if_failed)

    def show(self, place: str) -> None:
        """Bring a model of this Mac to the front, now or when it is listed."""
        self._window.show_pane("models")
        self._pane.show_place(LOCAL)
        self._wanted = "" if self._pane.local.choose(place) else place
        self._pane.local.table.setFocus()  # where the next key is meant for it

    def add(self, paths: Sequence[str]) -> None:
        """Put folders and files on the list, if there is a model in them that can be used."""
        self._window.show_pane("models")
        self._pane.show_place(LOCAL)
        self._window.end_notice(NOT_ADDED)
        asked = tuple(str(Path(path).resolve()) for path in paths)
        job = ListModelsJob(self._paths, (*self.places, *asked), weigh=False)
        heard: Listeners = {ModelsFound: lambda found: self._take(asked, found)}
        self._adding.ask(job, QueueName.LISTING, heard, self._show_if_failed)

    def take_off(self, facts: ModelFacts) -> None:
        """Take a model that the person added off the list; it stays where it is."""
        place = Path(facts.place).resolve()
        self.places = tuple(each for each in self.places if not place.is_relative_to(each))
        self.refresh()

    def _take(self, asked: Sequence[str], found: ModelsFound) -> None:
        """Keep the places that hold a model, and say what is wrong with the others."""
        sentences, good = [], [""]
        for place in asked:
            inside = [facts for facts in found.models if Path(facts.place).resolve().is_relative_to(place)]
            usable = [facts for facts in inside if facts.problem is None]
            if usable:
                good.append(usable[0].place)
                is_new = any(facts.source == "folder" for facts in usable) and place not in self.places
                self.places += (place,) if is_new else ()
            else:
                faults = [str(facts.problem) for facts in inside if facts.problem is not None]
                sentences.append(faults[0] if faults else str(phrase("model.missing", folder=place)))
        if sentences:
            self._notice("\n".join(sentences), "bad", NOT_ADDED)
        self._wanted = good[-1]
        self.refresh()

    def _show_list(self, found: ModelsFound) -> None:
        self._shown = ""  # a model may have changed
        self._pane.show_models(found.models, [str(remark) for remark in found.remarks])
        if self._wanted and self._pane.local.choose(self._wanted):
            self._wanted = ""
        self._show_chosen()
        self.listed.emit(found.models)

    def _show_chosen(self) -> None:
        facts = self._pane.local.chosen()
        if facts is None or facts.place == self._shown:
            return
        self._shown = facts.place
        heard: Listeners = {ModelShown: self._pane.local.show_model}
        self._reading.ask(ShowModelJob(facts.place), QueueName.READING, heard, self._end_reading)

    def _end_reading(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._pane.local.details.show_failure(outcome.summary)

    def _on_pane_shown(self, key: str) -> None:
        if key == "models" and not self._listing.busy:
            self.refresh()

    def _open_page(self, address: str) -> None:
        """Show a page of the web, or a text that lies beside the model on show; nothing else is opened."""
        if address.startswith(("https://", "http://")):
            open_page(address)
            return
        facts, file = self._pane.local.chosen(), Path(address)
        if facts is not None and file.parent == Path(facts.place) and file.suffix in ("", ".txt", ".md"):
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(file)))

    def _choose_folder_to_add(self) -> None:
        if folder := self._choose_folder(tr("Add a folder with a model")):
            self.add([str(folder)])

    def _choose_file_to_add(self) -> None:
        if file := self._choose_file(tr("Add a model in GGUF"), _GGUF):
            self.add([str(file)])


def recipe_name(facts: ModelFacts) -> str:
    """A model of this Mac as a recipe names it."""
    return STARTER_MODEL if facts.source == STARTER_MODEL else facts.place


def trainable(models: Sequence[ModelFacts]) -> list[str]:
    """The models that can be trained, as recipes name them."""
    return [recipe_name(facts) for facts in models if facts.problem is None and facts.form == "safetensors"]


def _reveal(facts: ModelFacts) -> None:
    """Show where a model lies."""
    reveal(Path(facts.place))
