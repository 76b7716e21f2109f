"""The models of the Hub at work: looked for, shown before they are here, and the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from studio.app.downloads import ModelDownloads
from studio.app.hub import open_page
from studio.app.request import Listeners
from studio.app.state import Controller, Services
from studio.events import ModelFacts, ModelShown, ModelsListed, OnlineModel
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.online import SearchModelsJob, ShowOnlineJob
from studio.jobs.queue import QueueName
from studio.language import tr
from studio.models.hub.asked import ModelFilters
from studio.models.library.shelf import SHELF, ShelfModel, on_shelf
from studio.ui.panes.models import words
from studio.ui.panes.models.online import HubQuery
from studio.ui.panes.models.pane import ModelsPane
from studio.ui.panes.models.shelf import ShelfForm, ShelfItem
from studio.ui.widgets.timing import Debounce
from studio.words import file_size

HUB = "https://huggingface.co"
_READ_MILLISECONDS = 250


class OnlineLibrary(Controller):
    """Searches for what the pane asks, and says what the Hub says of the chosen model."""

    def __init__(self, services: Services, pane: ModelsPane, downloads: ModelDownloads) -> None:
        super().__init__(services, pane)
        self._pane, self._downloads = pane, downloads
        self._searching, self._reading = self._request(), self._request()
        self._shown = ""  # the name of the model that was read last
        self._here: dict[str, str] = {}  # the places of the Hub's models on this Mac, by name
        self._settle = Debounce(self, _READ_MILLISECONDS, self._read)
        online = pane.online
        online.wanted.connect(self._search)
        online.stop_requested.connect(self._searching.stop)
        online.chosen_changed.connect(self._settle.trigger)
        pane.hub_page_requested.connect(lambda name: open_page(f"{HUB}/{name}"))
        self.take(())

    def take(self, models: Sequence[ModelFacts]) -> None:
        """Know which models of the Hub are on this Mac."""
        self._here = {
            facts.name: facts.place for facts in models if "/" in facts.name and facts.problem is None
        }
        self._pane.online.mark_here(self._here)
        self._pane.show_shelf([_item(each, self._here) for each in SHELF])

    def show(self, name: str) -> None:
        """Bring a model of the Hub to the front, by its name there."""
        self._window.show_pane("models")
        self._searching.drop()
        known = on_shelf(name)
        bare = ModelFacts(name, "", "online", "safetensors")
        facts = (
            next((known.facts(bits) for bits in known.forms if known.facts(bits).name == name), bare)
            if known
            else bare
        )
        gated = known is not None and known.gated and name == known.plain
        self._shown = ""
        self._pane.show_online(OnlineModel(facts, gated=gated, here=self._here.get(name, "")))

    def place_of(self, name: str) -> str:
        """Where a model of the Hub lies on this Mac; nothing where it does not."""
        return self._here.get(name, "")

    def _search(self, query: HubQuery) -> None:
        filters = ModelFilters(query.mlx, query.fits, query.kind)
        job = SearchModelsJob(
            query.text, filters, query.sort, query.page, token=self._downloads.token, paths=self._paths
        )
        self._pane.online.show_busy()
        self._searching.ask(job, QueueName.LOOKING, {ModelsListed: self._show_found}, self._end)

    def _show_found(self, listed: ModelsListed) -> None:
        models = tuple(
            replace(each, here=each.here or self.place_of(each.facts.name)) for each in listed.models
        )
        self._pane.online.show_found(replace(listed, models=models))

    def _end(self, outcome: Outcome) -> None:
        match outcome:
            case Failed(summary, _):
                self._pane.online.show_failed(summary)
            case Stopped():
                self._pane.online.show_stopped()

    def _read(self) -> None:
        found = self._pane.online.chosen()
        if found is None or found.facts.name == self._shown:
            return
        self._shown = found.facts.name
        job = ShowOnlineJob(self._shown, token=self._downloads.token, paths=self._paths)
        heard: Listeners = {ModelShown: self._pane.online.show_model}
        self._reading.ask(job, QueueName.LISTING, heard, self._end_reading)

    def _end_reading(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._pane.online.details.show_failure(outcome.summary)


def _item(model: ShelfModel, here: dict[str, str]) -> ShelfItem:
    """What a card of the shelf says of a model."""
    facts = model.facts(model.forms[0])
    is_base = not model.is_chat or model.title.endswith("Base")
    about = tr("A base model: it goes on with text.") if is_base else tr("Answers and follows instructions.")
    forms = [_form(model.facts(bits), bits, here) for bits in reversed(model.forms)]
    said = ", ".join((words.owner(facts), words.billions(model.parameters), model.license))
    return ShelfItem(model.title, said, about, tuple(forms), model.gated)


def _form(facts: ModelFacts, bits: int, here: dict[str, str]) -> ShelfForm:
    told = tr("{name}, {file_size} to download.", name=facts.name, file_size=file_size(facts.size))
    return ShelfForm(
        facts.name, tr("{bits}-bit, {size}", bits=bits, size=file_size(facts.size)), told, facts.name in here
    )
