"""Jobs with the models on this machine: which there are, and what one says of itself. Without MLX."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import ModelError, StudioError
from studio.events import (
    Event,
    ModelDeleted,
    ModelFacts,
    ModelsFound,
    ModelsListed,
    OnlineModel,
    Progress,
)
from studio.jobs.train import recipe_of
from studio.language import tr
from studio.models.present import present
from studio.paths import Paths, model_folder
from studio.runs.store import RunStore

_EVERY = 4.0
"""Seconds after which what was found out meanwhile is told."""

if TYPE_CHECKING:
    from studio.forecast.uses import Candidate, Weighed


@dataclass(frozen=True)
class ListModelsJob:
    """Find the models on this machine, also in given folders, and what each may be used for.

    A GGUF file's uses are those of the folder that is made of it, in 16 bits.

    What is known is told at once. What the others may be used for takes longer (see `studio.forecast.uses`)
    and is told every few seconds; without `weigh` it is not found out.
    """

    paths: Paths
    folders: tuple[str, ...] = ()
    weigh: bool = True

    @property
    def title(self) -> str:
        return tr("Looking for models")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.forecast.uses import known_uses
        from studio.models.library.found import found_models

        found, kept = found_models(self.paths.models, self.folders), self.paths.model_uses
        usable = [facts for facts in found.models if facts.problem is None]
        asked = {place: each for place, each in map(_candidate, usable) if each is not None}
        known = known_uses(kept, asked.values())
        yield _with_uses(found, asked, known)
        if self.weigh and len(known) < len(asked):
            yield from _weighing(kept, asked.values(), lambda known: _with_uses(found, asked, known))


@dataclass(frozen=True)
class ListShelfJob:
    """The shelf's models, each form by its name on the Hub, with its uses, and where it is here already.

    Told as `ListModelsJob` does: at once, and again as the uses become known.
    """

    paths: Paths
    folders: tuple[str, ...] = ()
    weigh: bool = True

    @property
    def title(self) -> str:
        return tr("Looking at the shelf")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.forecast.uses import Candidate, known_uses
        from studio.models.library.shelf import shelf_configs

        asked = {name: Candidate.online(name, config) for name, config in shelf_configs()}
        known, kept = known_uses(self.paths.model_uses, asked.values()), self.paths.model_uses
        here = {name: present(name, self.folders) for name in asked}
        yield _shelf(asked, known, here)
        if self.weigh and len(known) < len(set(asked.values())):
            yield from _weighing(kept, asked.values(), lambda known: _shelf(asked, known, here))


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


def _candidate(facts: ModelFacts) -> tuple[str, Candidate | None]:
    """The place of a model, and as what it is weighed up; None for a GGUF file that does not say enough."""
    from studio.forecast.uses import Candidate

    if facts.form != "gguf":
        return facts.place, Candidate(facts.place)
    from studio.models.gguf.settings import config_of
    from studio.models.gguf.source import read_source

    with suppress(ModelError):
        config = config_of(read_source(Path(facts.place)), "float16")
        return facts.place, Candidate.online(facts.name, config)
    return facts.place, None


def _weighing(
    kept: Path, asked: Iterable[Candidate], tell: Callable[[dict[Candidate, Weighed]], Event]
) -> Generator[Event]:
    """Weigh up models; what is known is told every few seconds, and at the end."""
    from studio.forecast.uses import known_uses, weigh

    asked, told = list(asked), time.monotonic()
    for done, total in weigh(kept, asked):
        yield Progress(tr("Weighing up models"), done, total)
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            yield tell(known_uses(kept, asked))
    yield tell(known_uses(kept, asked))


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
        return tr("Reading about the model")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.models.library.shown import shown

        yield shown(model_folder(self.place))


@dataclass(frozen=True)
class DeleteModelJob:
    """Take a model from this machine: to the Trash, or `for_good`, as always out of the Hugging Face cache.

    Bytes are freed where it did not go to the Trash. Raises ModelError for a model that a run at work uses or
    that lies elsewhere than models do, and NoTrash where its volume has no Trash.
    """

    facts: ModelFacts
    paths: Paths
    for_good: bool = False

    @property
    def title(self) -> str:
        return tr("Deleting {name}", name=self.facts.name)

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.models.library.removal import refuse, remove

        refuse(self.facts, self.paths.models)
        if run := self._run_at_work():
            raise ModelError("library.in_use", name=self.facts.name, run=run)
        freed = remove(self.facts, self.paths.models, for_good=self.for_good)
        yield ModelDeleted(self.facts.name, freed)

    def _run_at_work(self) -> str:
        """The run that is at work with the model, by its name; nothing where none is."""
        place = Path(self.facts.place).resolve()
        for run in RunStore(self.paths.runs).runs():
            with suppress(StudioError):  # a damaged run is at no work
                used = model_folder(recipe_of(run.manifest()).model)
                if used.resolve() == place and run.is_held():
                    return run.name
        return ""


@dataclass(frozen=True)
class ConvertModelJob:
    """Write a model in another form into the new folder `out`: quantized to `bits`, or with 0 de-quantized.

    `place` is a folder or a GGUF file. `precision` is that of what is not quantized: as it is, or float16,
    bfloat16, float32. For the engine thread. Raises StudioError with what cannot be.
    """

    place: str
    out: Path
    bits: int = 0
    group: int = 64
    mode: str = "affine"
    precision: str = "model"

    @property
    def title(self) -> str:
        return tr("Converting {name}", name=Path(self.place).name)

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.export.conversion import convert
        from studio.models.form import WeightForm

        form = WeightForm(self.bits, self.group, self.mode, self.precision)
        yield from convert(model_folder(self.place), self.out, form)
