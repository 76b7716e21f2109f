"""Jobs with the models on this machine: which there are, and what one says of itself. Without MLX."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from studio.events import Event, ModelFacts, ModelsFound, ModelsListed, OnlineModel, Progress, retold
from studio.models.present import present
from studio.paths import Paths, model_folder

if TYPE_CHECKING:
    from studio.forecast.uses import Candidate, Weighed


@dataclass(frozen=True)
class ListModelsJob:
    """Find the models on this machine, also in given folders, and what each may be used for.

    What is known is told at once. What the others may be used for takes longer (see `studio.forecast.uses`)
    and is told when it is known of all; without `weigh` it is not found out.
    """

    paths: Paths
    folders: tuple[str, ...] = ()
    weigh: bool = True

    @property
    def title(self) -> str:
        return "Looking for models"

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.forecast.uses import Candidate, known_uses, weigh
        from studio.models.library.found import found_models

        found, kept = found_models(self.paths.models, self.folders), self.paths.model_uses
        usable = [each for each in found.models if each.form == "safetensors" and each.problem is None]
        asked = {facts.place: Candidate(facts.place) for facts in usable}
        known = known_uses(kept, asked.values())
        yield _with_uses(found, asked, known)
        if self.weigh and len(known) < len(asked):
            known = yield from retold(weigh(kept, list(asked.values())), _weighing)
            yield _with_uses(found, asked, known)


@dataclass(frozen=True)
class ListShelfJob:
    """The shelf's models, each form by its name on the Hub, with its uses, and where it is here already.

    Told as `ListModelsJob` does: at once, and again once the uses are known.
    """

    paths: Paths
    folders: tuple[str, ...] = ()
    weigh: bool = True

    @property
    def title(self) -> str:
        return "Looking at the shelf"

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.forecast.uses import Candidate, known_uses, weigh
        from studio.models.library.shelf import shelf_configs

        asked = {name: Candidate.online(name, config) for name, config in shelf_configs()}
        known, kept = known_uses(self.paths.model_uses, asked.values()), self.paths.model_uses
        here = {name: present(name, self.folders) for name in asked}
        yield _shelf(asked, known, here)
        if self.weigh and len(known) < len(set(asked.values())):
            known = yield from retold(weigh(kept, list(asked.values())), _weighing)
            yield _shelf(asked, known, here)


def _shelf(
    asked: Mapping[str, Candidate], known: Mapping[Candidate, Weighed], here: Mapping[str, str]
) -> ModelsListed:
    from studio.models.library.shelf import SHELF

    listed = []
    for model in SHELF:
        for facts in map(model.facts, model.forms):
            weighed = known.get(asked[facts.name])
            facts = replace(facts, uses=weighed.uses if weighed else ())
            gated = model.gated and facts.name == model.plain
            is_base = not model.is_chat
            listed.append(OnlineModel(facts, gated=gated, is_base=is_base, here=here[facts.name]))
    return ModelsListed("", tuple(listed))


def _weighing(done: tuple[int, int]) -> Progress:
    return Progress("Weighing up models", *done)


def _with_uses(
    found: ModelsFound, asked: Mapping[str, Candidate], known: Mapping[Candidate, Weighed]
) -> ModelsFound:
    return replace(found, models=tuple(_with_use(facts, asked, known) for facts in found.models))


def _with_use(
    facts: ModelFacts, asked: Mapping[str, Candidate], known: Mapping[Candidate, Weighed]
) -> ModelFacts:
    candidate = asked.get(facts.place)
    weighed = known.get(candidate) if candidate else None
    return replace(facts, uses=weighed.uses, problem=weighed.problem) if weighed else facts


@dataclass(frozen=True)
class ShowModelJob:
    """Read what a model says of itself: its card, settings, template and files.

    `place` is a folder, a GGUF file, or the starter; what is unreadable is left empty.
    """

    place: str

    @property
    def title(self) -> str:
        return "Reading about the model"

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.models.library.shown import shown

        yield shown(model_folder(self.place))
