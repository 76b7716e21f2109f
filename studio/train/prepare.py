"""From a recipe to what a job needs: the model, the renderer, the dataset and the learning rate."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.catalogue import sentences
from studio.dataset.dataset import Dataset
from studio.dataset.groups import GROUPING
from studio.dataset.render.render import Renderer, Tokens
from studio.errors import RecipeError
from studio.events import Event, Log, Progress
from studio.language import tr
from studio.models import adapter
from studio.models.adapter import ParentAdapter, Tuning
from studio.models.cache import ModelCache, OpenModel
from studio.models.folder import adapter_fingerprint, suggested_learning_rate
from studio.models.form import WeightForm
from studio.paths import model_folder, resource
from studio.recipe.recipe import Recipe
from studio.runs.parents import adapters_of
from studio.train.dataset_cache import DatasetCache, limits_of, rendering_of


def tuning_of(recipe: Recipe) -> Tuning:
    """What the recipe trains of its model."""
    lora, scope = recipe.lora, recipe.scope
    return Tuning(
        method=recipe.method,
        rank=lora.rank,
        alpha=lora.alpha,
        dropout=lora.dropout,
        rank_stabilized=lora.rank_stabilized,
        targets=lora.targets,
        layers=scope.layers,
        embeddings=scope.embeddings,
        head=scope.head,
        parents=parents_of(recipe),
    )


def parents_of(recipe: Recipe) -> tuple[ParentAdapter, ...]:
    """The adapters that the recipe goes on from, the oldest first.

    Raises RunMissing or RunError where there is none in the folder that it names.
    """
    if not recipe.base.adapter:
        return ()
    folders = adapters_of(Path(recipe.base.adapter).expanduser())
    return tuple(ParentAdapter(folder, adapter_fingerprint(folder)) for folder in folders)


def open_start(recipe: Recipe, model_cache: ModelCache) -> Generator[Event, None, OpenModel]:
    """The model as the recipe's run starts: with what it goes on from. Raises ModelError or RunError."""
    opened = model_cache.open(model_folder(recipe.model), form_of(recipe))
    parents = parents_of(recipe)
    if not adapter.carry(opened.module, parents):
        yield Log(
            tr(
                "{adapter} has no checksums: nothing proves that it is as it was written.",
                adapter=recipe.base.adapter,
            )
        )
    return opened


def form_of(recipe: Recipe) -> WeightForm:
    """The form the recipe's base model is loaded in. Weights that are trained themselves stay unquantized."""
    base = recipe.base
    if not recipe.adapts or base.quantize == "no":
        return WeightForm(precision=base.precision)
    bits = int(base.quantize.removesuffix("-bit"))
    return WeightForm(bits, int(base.group_size), base.mode, base.precision)


PROBE_TOKENS = 1024
"""What the forgetting probe reads at each validation: the same text every time, so little is enough."""


@dataclass(frozen=True)
class Ready:
    """Everything that is loaded before the first step."""

    opened: OpenModel
    renderer: Renderer
    data: Dataset
    peak: float
    general: tuple[Tokens, ...]


def prepare(
    recipe: Recipe,
    model_cache: ModelCache,
    dataset_cache: DatasetCache | None = None,
    *,
    grouping: int = GROUPING,
    every_answer: bool = True,
) -> Generator[Event, None, Ready]:
    """Load what the recipe names, reporting so that it can be stopped: `ready = yield from prepare(…)`.

    `grouping` is how rows are kept together when they are divided; without `every_answer` conversations are
    rendered as the first release did (see Rendering). What one of the caches holds already is
    not read again.
    Raises StudioError with what is wrong and what to do.
    """
    if not recipe.data.path:
        raise RecipeError("recipe.no_dataset")
    if problems := recipe.problems():
        raise RecipeError("recipe.contradicts_itself", problems=sentences(problems))
    yield Progress(tr("Loading the model"), 0)
    opened = yield from open_start(recipe, model_cache)
    for remark in opened.remarks_on(recipe.data.max_length):
        yield Log(str(remark), "warning")
    rendering = replace(rendering_of(recipe), every_answer=every_answer)
    renderer = Renderer(opened.tokenizer, rendering, limits_of(opened.config, opened.tokenizer))
    data = yield from (dataset_cache or DatasetCache()).open(recipe, renderer, grouping)
    general = general_text(renderer, PROBE_TOKENS) if recipe.watch.forgetting else ()
    return Ready(opened, renderer, data, peak_rate(recipe, opened.config), general)


def peak_rate(recipe: Recipe, config: dict[str, Any]) -> float:
    """The highest learning rate: the recipe's, or one that suits the model, the method and the optimizer.

    Preferences are learned at a quarter of it: DPO, ORPO and SimPO move a model that can already answer.
    """
    if recipe.optimizer.learning_rate:
        return recipe.optimizer.learning_rate
    suggested = suggested_learning_rate(config, recipe.method, recipe.optimizer.name)
    return suggested / 4 if recipe.pairs else suggested


def general_text(renderer: Renderer, at_least: int | None = None) -> tuple[Tokens, ...]:
    """Ordinary English that no run trains on: how well a model still reads it shows what tuning cost.

    All of it, or so many of its lines that they make `at_least` tokens.
    """
    rows: list[Tokens] = []
    for line in resource("starter/general.txt").read_text(encoding="utf-8").splitlines():
        if at_least is not None and sum(len(tokens.ids) for tokens in rows) >= at_least:
            break
        rows += renderer.render_text(line) if line.strip() else ()
    return tuple(rows)


def renderer_for(recipe: Recipe, opened: OpenModel) -> Renderer:
    """The one renderer of a run: training, evaluation and playground all write prompts with it."""
    limits = limits_of(opened.config, opened.tokenizer)
    return Renderer(opened.tokenizer, rendering_of(recipe), limits)
