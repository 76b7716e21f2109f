"""Jobs with the models on this machine: which there are, and what one says of itself. Without MLX."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from studio.events import Event
from studio.paths import Paths, model_folder


@dataclass(frozen=True)
class ListModelsJob:
    """Find the models on this machine, by their headers; also in the given folders."""

    paths: Paths
    folders: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return "Looking for models"

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.models.library.found import found_models

        yield found_models(self.paths.models, self.folders)


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
