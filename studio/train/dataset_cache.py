"""Datasets that stay read between two clicks, as a run would read them. Needs no MLX."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.dataset.groups import GROUPING
from studio.dataset.record import suits
from studio.dataset.render.truncate import Limits
from studio.events import Event
from studio.models.folder import read_config
from studio.models.reach import context_length, learned_positions, vocabulary_size
from studio.models.tokenizer import load_tokenizer
from studio.paths import model_folder
from studio.recipe.recipe import Recipe

if TYPE_CHECKING:  # reading and rendering take long to load, and a window or a help page needs neither
    from studio.dataset.dataset import Dataset
    from studio.dataset.read.load import Reading
    from studio.dataset.render.render import Renderer, Rendering

type _Key = tuple[Any, ...]


class DatasetCache:
    """Keeps the dataset read last, until its file or what is asked of it changes. One thread uses it.

    Where only the steps change, or how it is divided, nothing is read anew, and only rows that changed are
    rendered again. With `shows_all` rows that the recipe's objective has no use for are read as those of SFT:
    what is in a file can be looked at and mended whatever it is to be trained with.
    """

    def __init__(self, *, shows_all: bool = False) -> None:
        self._shows_all = shows_all
        self._source: tuple[_Key, Reading] | None = None
        self._latest: tuple[tuple[_Key, _Key], _Key, Dataset] | None = None
        self._renderer: tuple[tuple[str, Rendering, float], Renderer] | None = None

    def open(
        self, recipe: Recipe, renderer: Renderer | None = None, grouping: int = GROUPING
    ) -> Generator[Event, None, Dataset]:
        """The recipe's dataset, rendered by `renderer` where the model's is at hand already.

        `grouping` is how rows are kept together when they are divided.
        Raises DataError or ModelError with what is wrong and what to do.
        """
        from studio.dataset.dataset import Dataset
        from studio.dataset.steps.steps import steps_text

        if self._shows_all:
            recipe = yield from self._readable(recipe)
        template = _saved_at(Path(recipe.data.template).expanduser())
        rendering = renderer.rendering if renderer else rendering_of(recipe)
        rendered = (rendering, recipe.model, template)
        others = (*_read_from(recipe), recipe.loop.seed, grouping, *rendered)
        key = (recipe.data, *others)
        before = self._latest
        if before is not None and key in before[0]:
            return before[2]
        source = yield from self.source(recipe)
        known = before[2].rendered_records.known if before is not None and before[1] == rendered else None
        own = renderer or self.renderer(recipe)
        dataset = yield from Dataset.preparing(source, own, recipe.data, recipe.loop.seed, grouping, known)
        as_done = recipe.with_values({"data.history": steps_text(dataset.prepared.steps)})
        self._latest = ((key, (as_done.data, *others)), rendered, dataset)  # asked for by either from now on
        return dataset

    def _readable(self, recipe: Recipe) -> Generator[Event, None, Recipe]:
        """The recipe with an objective that has a use for its dataset."""
        if recipe.objective == "sft":
            return recipe
        source = yield from self.source(recipe)
        fits = suits(recipe.objective, source.format)
        return recipe if fits else recipe.with_values({"objective": "sft"})

    def source(self, recipe: Recipe) -> Generator[Event, None, Reading]:
        """What the recipe's dataset holds before any step is done to it. Raises DataError."""
        key = _read_from(recipe)
        if self._source is None or self._source[0] != key:
            from studio.dataset.dataset import source_of

            self._source = self._latest = None  # two of them need not be held at once
            reading = yield from source_of(Path(recipe.data.path).expanduser(), recipe.data.columns)
            self._source = (key, reading)
        return self._source[1]

    def renderer(self, recipe: Recipe) -> Renderer:
        """What renders rows as the recipe says; kept until the recipe asks for another. Raises ModelError."""
        rendering = rendering_of(recipe)
        key = (recipe.model, rendering, _saved_at(Path(rendering.template).expanduser()))
        if self._renderer is None or self._renderer[0] != key:
            from studio.dataset.render.render import Renderer

            folder = model_folder(recipe.model)
            config = read_config(folder)
            tokenizer = load_tokenizer(folder)
            self._renderer = key, Renderer(tokenizer, rendering, limits_of(config, tokenizer))
        return self._renderer[1]

    def close(self) -> None:
        """Forget what was read."""
        self._source = self._latest = self._renderer = None


def _read_from(recipe: Recipe) -> _Key:
    """What decides what is read."""
    from studio.dataset.read.folders import modified

    path = Path(recipe.data.path).expanduser()
    return path, modified(path), recipe.data.columns


def _saved_at(path: Path) -> float:
    """When a template of the person's own was saved last."""
    return path.stat().st_mtime if path.is_file() else 0.0


def limits_of(config: Mapping[str, Any], tokenizer: Any) -> Limits:
    """What a model with this config.json can take."""
    length = getattr(tokenizer, "model_max_length", None)
    return Limits(vocabulary_size(config), context_length(config, length), learned_positions(config))


def rendering_of(recipe: Recipe) -> Rendering:
    """How the recipe turns records into examples."""
    from studio.dataset.render.render import Rendering

    data = recipe.data
    return Rendering(data.template, data.max_length, data.too_long, data.train_on, recipe.objective)
