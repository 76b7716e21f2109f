"""From a recipe to what a job needs: the model, the renderer, the dataset and the learning rate."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from studio.data.dataset import Dataset
from studio.data.render import Renderer
from studio.errors import RecipeError
from studio.events import Event, Progress
from studio.models.folder import suggested_learning_rate
from studio.models.shelf import OpenModel, Shelf
from studio.paths import model_folder
from studio.train.recipe import Recipe


@dataclass(frozen=True)
class Ready:
    """Everything that is loaded before the first step."""

    opened: OpenModel
    renderer: Renderer
    data: Dataset
    peak: float


def prepare(recipe: Recipe, shelf: Shelf) -> Generator[Event, None, Ready]:
    """Load what the recipe names, reporting so that it can be stopped: `ready = yield from prepare(…)`.

    Raises StudioError with what is wrong and what to do.
    """
    if not recipe.data.path:
        raise RecipeError("The recipe names no dataset. Choose one first.")
    yield Progress("Loading the model", 0)
    opened = shelf.open(model_folder(recipe.model))
    renderer = renderer_for(recipe, opened)
    path = Path(recipe.data.path).expanduser()
    data = yield from Dataset.loading(path, renderer, recipe.data, recipe.loop.seed)
    peak = recipe.optimizer.learning_rate or suggested_learning_rate(opened.config)
    return Ready(opened, renderer, data, peak)


def renderer_for(recipe: Recipe, opened: OpenModel) -> Renderer:
    """The one renderer of a run: training, evaluation and playground all write prompts with it."""
    return Renderer(opened.tokenizer, recipe.data.template, recipe.data.max_length)
