"""Jobs with the models of the Hub: look for them, read about one, bring it here."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from studio.events import AccessWanted, Event, Progress, retold
from studio.events.models import FITS, TIGHT, ModelFacts, ModelsListed, OnlineModel
from studio.jobs.hub import hub_token, with_access
from studio.language import tr
from studio.models.hub.asked import DOWNLOADS, FoundModel, ModelFilters, recognize_model, settings_in
from studio.models.hub.download import download, search, show
from studio.paths import Paths

if TYPE_CHECKING:
    from studio.forecast.uses import Candidate, Weighed

PAGE = 20
"""Models on a page of what a search finds."""
_SHARE = 0.8
"""Of the memory, what the weights of a model may take where its uses are not known."""


@dataclass(frozen=True)
class SearchModelsJob:
    """Look for models on the Hub; `sort` is downloads, likes or newest, and pages count from 0.

    With `paths` it is found out what each may be used for: what is known is told at once, and a second list
    tells the rest. Of those that must fit here only that second one is told.
    """

    query: str = ""
    filters: ModelFilters = field(default_factory=ModelFilters)
    sort: str = DOWNLOADS
    page: int = 0
    token: str = field(default="", repr=False)
    paths: Paths | None = None

    @property
    def title(self) -> str:
        return tr("Searching the Hub")

    def run_events(self, context: Any) -> Generator[Event]:
        yield from with_access(self._listed(), self.token)

    def _listed(self) -> Generator[Event, None, ModelsListed]:
        most = 2 * self._end if self.filters.fits else self._end + 1
        asked = self.query, self.filters, self.sort, most, self.token or hub_token()
        found = yield from search(*asked, configs=self.paths is not None)
        weighed = found if self.filters.fits else found[self._end - PAGE : self._end]
        if self.paths is not None and not self.filters.fits:
            found = _with_uses(found, _known(self.paths, weighed))
            yield self._page(found, most)
        if self.paths is not None:
            found = _with_uses(found, (yield from _weighed(self.paths, weighed)))
        return self._page(found, most)

    def _page(self, found: list[FoundModel], most: int) -> ModelsListed:
        models = [each.model for each in found]
        if self.filters.fits:
            models = [each for each in models if _fits(each.facts)]
        more = len(models) > self._end or (self.filters.fits and len(found) == most)
        return ModelsListed(self.query, tuple(models[self._end - PAGE : self._end]), more)

    @property
    def _end(self) -> int:
        return (self.page + 1) * PAGE


def _fits(facts: ModelFacts) -> bool:
    """Whether it can be used for anything here; where that is not known, whether its weights go in."""
    import psutil

    if facts.uses:
        return any(use.fits in (FITS, TIGHT) for use in facts.uses)
    return facts.problem is None and facts.size < _SHARE * psutil.virtual_memory().total


def _candidates(found: Sequence[FoundModel]) -> dict[str, Candidate]:
    """What can be weighed up, by name: by its config, else by that of the shelf."""
    from studio.forecast.uses import Candidate
    from studio.models.library.shelf import shelf_configs

    shelf, asked = dict(shelf_configs()), {}
    for each in found:
        name = each.model.facts.name
        config = settings_in(each.config) or shelf.get(name)
        if config:
            asked[name] = Candidate.online(name, config, each.types)
    return asked


def _known(paths: Paths, found: Sequence[FoundModel]) -> dict[str, Weighed]:
    from studio.forecast.uses import known_uses

    asked = _candidates(found)
    return _by_name(asked, known_uses(paths.model_uses, asked.values()))


def _weighed(paths: Paths, found: Sequence[FoundModel]) -> Generator[Event, None, dict[str, Weighed]]:
    from studio.forecast.uses import weigh

    asked = _candidates(found)
    known = yield from retold(
        weigh(paths.model_uses, list(asked.values())), lambda done: Progress(tr("Weighing up models"), *done)
    )
    return _by_name(asked, known)


def _by_name(asked: Mapping[str, Candidate], known: Mapping[Candidate, Weighed]) -> dict[str, Weighed]:
    return {name: known[candidate] for name, candidate in asked.items() if candidate in known}


def _with_uses(found: Sequence[FoundModel], known: Mapping[str, Weighed]) -> list[FoundModel]:
    return [replace(each, model=replace(each.model, facts=_told(each.model.facts, known))) for each in found]


def _told(facts: ModelFacts, known: Mapping[str, Weighed]) -> ModelFacts:
    weighed = known.get(facts.name)
    return replace(facts, uses=weighed.uses, problem=facts.problem or weighed.problem) if weighed else facts


@dataclass(frozen=True)
class ShowOnlineJob:
    """Read what a model of the Hub says of itself: card, settings, template, and what a download brings.

    With `paths` it is found out what it may be used for.
    """

    name: str
    token: str = field(default="", repr=False)
    paths: Paths | None = None

    @property
    def title(self) -> str:
        return tr("Looking up {name}", name=self.name)

    def run_events(self, context: Any) -> Generator[Event]:
        """Raises HubError; where access is missing, AccessWanted names the page beside what can be told."""
        shown, types = yield from show(recognize_model(self.name), self.token or hub_token())
        if shown.gated:
            yield AccessWanted(shown.license_page)
        if self.paths is not None and shown.facts.problem is None:
            found = [FoundModel(OnlineModel(shown.facts), shown.config, types)]
            known = yield from _weighed(self.paths, found)
            shown = replace(shown, facts=_told(shown.facts, known))
        yield shown


@dataclass(frozen=True)
class DownloadModelJob:
    """Bring a model of the Hub into the Hugging Face cache; stopped, the next one goes on where it was.

    `name` is owner/name or its address; `file` is the one that is wanted of several GGUF files.
    """

    name: str
    revision: str = ""
    token: str = field(default="", repr=False)
    file: str = ""

    @property
    def title(self) -> str:
        return tr("Downloading {name}", name=self.name)

    def run_events(self, context: Any) -> Generator[Event]:
        asked = recognize_model(self.name)
        asked = replace(asked, revision=self.revision or asked.revision, file=self.file or asked.file)
        yield from with_access(download(asked, self.token or hub_token()), self.token)
