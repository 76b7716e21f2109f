"""Jobs with the models on this machine: which there are, and what one says of itself. Without MLX."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from studio.events import Event, ModelFacts, ModelsFound, Progress, retold
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
